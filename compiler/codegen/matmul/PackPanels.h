// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Copies columns of a matrix into panels; see Matmul.h for their layout.

#ifndef HEDDLE_COMPILER_CODEGEN_MATMUL_PACKPANELS_H
#define HEDDLE_COMPILER_CODEGEN_MATMUL_PACKPANELS_H

#include "compiler/codegen/Emitter.h"

namespace heddle::codegen {

/// Panels of bytes and of pairs have whole blocks of steps of depth, which tile registers take.
constexpr int64_t kStepBlock = 16;

struct PanelSource {
  mlir::Value buffer, start; // of the matrix
  mlir::Value stride;        // between stored rows
  bool transposed;           // stored [N, K]
  mlir::Value n, k;
};

/// Writes columns [first, first + width) of all rows to target[at ...] as rows of `width`
/// elements, converted to the target's type. What stands for columns past N is unspecified; lanes
/// do not mix.
void emitPackPanel(Emitter &e, const PanelSource &source, mlir::Value first, int64_t width,
                   mlir::Value target, mlir::Value at);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_MATMUL_PACKPANELS_H
