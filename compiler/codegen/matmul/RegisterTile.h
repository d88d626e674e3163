// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The innermost loop of a matrix product: a tile of accumulators in registers.

#ifndef HEDDLE_COMPILER_CODEGEN_MATMUL_REGISTERTILE_H
#define HEDDLE_COMPILER_CODEGEN_MATMUL_REGISTERTILE_H

#include "compiler/codegen/TileMath.h"

namespace heddle::codegen {

/// Operands of one tile. A(r, k) is at aStart + r * aRowStep + k * aDepthStep; column c of panel j
/// of B(k) at bPanels[j] + k * bDepthStep + c * depth, where k counts steps of depth.
struct RegisterTile {
  mlir::Value a, aStart, aRowStep, aDepthStep;
  mlir::Value b, bDepthStep;
  Values bPanels;
  mlir::Value kBegin, kEnd;
  int64_t rows, panels; // at most the plan's
  int64_t vectorsPerPanel;
  /// B is asked for so many steps ahead; 0: not. `aheadShift` leads from a step past the last one to
  /// what is read after this tile.
  int64_t ahead = 0;
  mlir::Value aheadShift = {};
};

/// Returns the accumulators, row by row, started from `initial`.
Values emitRegisterTile(Emitter &e, const TileMath &math, const RegisterTile &tile, Values initial);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_MATMUL_REGISTERTILE_H
