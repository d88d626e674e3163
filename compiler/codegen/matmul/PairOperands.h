// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operands of products of bf16, in the form of TileMath.h: steps of two elements. Elements are
// rounded to nearest even, where they are not bf16 yet; NaN stays NaN.

#ifndef HEDDLE_COMPILER_CODEGEN_MATMUL_PAIROPERANDS_H
#define HEDDLE_COMPILER_CODEGEN_MATMUL_PAIROPERANDS_H

#include "compiler/codegen/Emitter.h"
#include "compiler/codegen/matmul/PackPanels.h"
#include "compiler/codegen/matmul/PreparedRows.h"

namespace heddle::codegen {

/// A vector of f32 as bf16, by the instruction for it: subnormal numbers become zero.
mlir::Value roundToBf16(Emitter &e, mlir::Value f32);

struct FloatRows {
  mlir::Value buffer, start, rowStep, depthStep; // as stored
  mlir::Value rows, k;
  bool contiguous; // depthStep is one
};

/// Copies rows of f32 to rows of bf16, with zeros after K.
void emitRoundRows(Emitter &e, const FloatRows &rows, const PreparedRows &target);

/// A panel of `width` columns: [steps][width][2], zeros after the last row, and anything past the
/// last column.
void emitPackPairPanel(Emitter &e, const PanelSource &source, mlir::Value first, int64_t width,
                       mlir::Value target, mlir::Value at);

/// Steps of a panel, and of a prepared row: whole blocks of kStepBlock, zeros at the end.
mlir::Value pairSteps(Emitter &e, mlir::Value k);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_MATMUL_PAIROPERANDS_H
