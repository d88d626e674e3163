// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A copy of what some output rows read, channel by channel, with columns sorted by stride.

#ifndef HEDDLE_COMPILER_CODEGEN_CONVOLUTION_PHASEDPATCH_H
#define HEDDLE_COMPILER_CODEGEN_CONVOLUTION_PHASEDPATCH_H

#include "compiler/codegen/convolution/InputPatch.h"
#include "compiler/codegen/convolution/Window.h"

namespace heddle::codegen {

/// Column c (counted from the first one read) of a row is in phase c % stride at c / stride.
struct PhasedPatch {
  mlir::Value buffer, start, channelStep, depthStep, rowStep, phaseStep;
};

/// Where the copy of a block's windows is, its first channel at the start of `target`.
PhasedPatch phasedPatch(Emitter &e, const WindowSpec &spec, const PixelBlock &block,
                        mlir::Value target);

/// Copies one input plane to `patch.start`.
void fillPhasedPatch(Emitter &e, const WindowSpec &spec, const WindowOperands &operands,
                     mlir::Value plane, const PixelBlock &block, const PhasedPatch &patch,
                     mlir::Value fill);

/// A stored scalar or vector as accumulators.
mlir::Value windowElement(Emitter &e, const WindowSpec &spec, mlir::Value stored, bool isSigned);

/// Of accumulators.
mlir::Value windowDifference(Emitter &e, mlir::Value a, mlir::Value b);

/// Elements of a channel for blocks of at most so many rows and columns, read in whole vectors.
int64_t phasedPatchElements(const WindowSpec &spec, int64_t rows, int64_t columns, int64_t lanes);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_CONVOLUTION_PHASEDPATCH_H
