// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Blocks of a grid whose cells are affine: what a block sends on, by matrices of what it gets. All
// blocks of a size stand in one tensor of rows x columns x K x ..., K being how many numbers of a state
// have coefficients of their own.

#ifndef HEDDLE_COMPILER_PARALLEL_DAG_BLOCKPAIRS_H
#define HEDDLE_COMPILER_PARALLEL_DAG_BLOCKPAIRS_H

#include "compiler/source/Arithmetic.h"

namespace heddle {

/// Index 0 is what goes along rows, 1 what goes down columns.
struct Blocks {
  int64_t count[2];         // in a column, in a row
  mlir::Value matrix[2][2]; // of what is sent, by what it gets
  mlir::Value offset[2];    // with V, the elements that share coefficients, as the last axis
};

class BlockPairs {
public:
  BlockPairs(mlir::OpBuilder &b, mlir::Location loc) : b(b), m(b, loc) {}

  /// From what the grid gets as a whole (one block's edges: 1 x 1 x K x edge x V) to what each of
  /// the blocks gets. Their counts are powers of 2.
  void spread(const Blocks &blocks, mlir::Value in[2]);

  /// With zeros up to a size.
  mlir::Value padded(mlir::Value value, int64_t axis, int64_t size);

private:
  mlir::Value zerosLike(mlir::Value value, int64_t axis, const DimExpr &size);
  mlir::Value product(mlir::Value x, mlir::Value y);
  /// Every other one along an axis: the first (0) or second (1) of each pair; and both again.
  mlir::Value half(mlir::Value value, int64_t axis, int64_t which);
  Blocks half(const Blocks &blocks, int64_t axis, int64_t which);
  mlir::Value interleaved(mlir::Value first, mlir::Value second, int64_t axis);
  Blocks merged(const Blocks &x, const Blocks &y, int p);

  mlir::OpBuilder &b;

public:
  Arithmetic m;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_DAG_BLOCKPAIRS_H
