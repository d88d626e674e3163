// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The innermost loop of a matrix product: a tile of accumulators in registers.

#ifndef HEDDLE_COMPILER_CODEGEN_MATMUL_REGISTERTILE_H
#define HEDDLE_COMPILER_CODEGEN_MATMUL_REGISTERTILE_H

#include <functional>
#include <optional>

#include "compiler/codegen/TileMath.h"

namespace heddle::codegen {

/// Memory that a tile asks for while it computes: every `steps` steps, at step k, of each panel,
/// what is `from + (k - kBegin) * step` elements into it; from step `wrapAt` on, if it is not null,
/// `shift` elements further.
struct Ahead {
  mlir::Value from, step, wrapAt, shift;
  Emitter::Cache cache = Emitter::Cache::First;
  int64_t steps = 1;
};

/// What else a tile does: calls `ask` before every so many steps, with the first of them.
struct Between {
  mlir::Value steps;
  std::function<void(mlir::Value step)> ask;
};

/// Operands of one tile. A(r, k) is at aStart + r * aRowStep + k * aDepthStep; column c of panel j
/// of B(k) at bPanels[j] + k * bDepthStep + c * depth, where k counts steps of depth.
struct RegisterTile {
  mlir::Value a, aStart, aRowStep, aDepthStep;
  mlir::Value b, bDepthStep;
  Values bPanels;
  mlir::Value kBegin, kEnd;
  int64_t rows, panels;
  int64_t vectorsPerPanel;
  mlir::Value lastRow = {}; // what stands for the last of the rows; null: itself
  std::optional<Ahead> ahead = {};
  std::optional<Between> between = {};
};

/// Returns the accumulators, row by row, started from `initial`.
Values emitRegisterTile(Emitter &e, const TileMath &math, const RegisterTile &tile, Values initial);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_MATMUL_REGISTERTILE_H
