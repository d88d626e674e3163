// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where packed filters are; Convolution.h describes them.

#ifndef HEDDLE_COMPILER_CODEGEN_CONVOLUTION_FILTERLAYOUT_H
#define HEDDLE_COMPILER_CODEGEN_CONVOLUTION_FILTERLAYOUT_H

#include "compiler/codegen/TileMath.h"
#include "compiler/codegen/convolution/Convolution.h"

namespace heddle::codegen {

/// Steps of depth (channels, or fours of them) between two steps of the window.
constexpr int64_t kChannelBlock = 16;

/// Of a channel block, between two jumps: where multiply-adds take every port that vectors have,
/// what counts and jumps takes the places of some. As many as divide a known number of steps; else
/// one.
int64_t stepsAtOnce(mlir::Value steps);

/// Elements of the sums that a panel of bytes begins with.
int64_t panelHeader(const TileMath &math, int64_t panel);

/// Elements of a panel.
mlir::Value panelSize(Emitter &e, const TileMath &math, mlir::Value steps, int64_t taps,
                      int64_t panel);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_CONVOLUTION_FILTERLAYOUT_H
