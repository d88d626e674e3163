// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products in tile registers (AMX): a register is 16 rows of 64 bytes. One instruction adds the
// product of 16 rows of A, 16 steps of depth each, and a panel of 16 columns to 16 x 16
// accumulators. The operands are those of TileMath.h; rows and panels have whole multiples of 16
// steps.
//
// Registers are named, not allocated: four of accumulators, two of rows, two of columns. Nothing
// can spill, and between configuring and releasing no other code may use them.

#ifndef HEDDLE_COMPILER_CODEGEN_MATMUL_TILEREGISTERS_H
#define HEDDLE_COMPILER_CODEGEN_MATMUL_TILEREGISTERS_H

#include "compiler/codegen/Emitter.h"

namespace heddle::codegen {

constexpr int64_t kTileRows = 16; // and columns
constexpr int64_t kTileRowBytes = 64;
constexpr int64_t kTileSteps = 16; // of depth, 4 bytes each
constexpr int64_t kTileBlocks = 2; // of rows, and of columns, in registers at once

/// Whether the target has tiles for products of bytes, or of pairs of bf16.
bool hasByteTiles(const Target &target);
bool hasPairTiles(const Target &target);

/// Registers of rows and sums get as many rows as there are, at most 16: fewer take less time. The
/// others get their full size; `bytes` is a buffer with 64 bytes to spare at `offset`.
void configureTiles(Emitter &e, mlir::Value bytes, mlir::Value offset, mlir::Value rows);
void releaseTiles(Emitter &e);

struct TileProduct {
  mlir::Value a, aStart; // a buffer of steps, as PreparedRows.h has them
  mlir::Value b;
  Values bPanels;        // offsets in elements of b
  mlir::Value steps;     // a multiple of kTileSteps
  mlir::Value c, cStart; // where 32-bit sums go
  int64_t cRowStep;
  int64_t rowBlocks, panels; // at most kTileBlocks each; all rows of a block are computed
  bool bytes;                // unsigned A, signed B; else pairs of bf16
};

void emitTileProduct(Emitter &e, const TileProduct &product);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_MATMUL_TILEREGISTERS_H
