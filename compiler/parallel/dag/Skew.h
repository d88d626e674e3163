// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A grid told by anti-diagonals: at time t, row x is at column t - x.
//
//   rows x of W columns y        times t of H rows x
//     a b c                        a . .
//     d e f         skewed         b d .
//     g h i       --------->       c e g
//                                  . f h
//                                  . . i
//
// Rows stand next to each other in memory, so a row of one element more is shifted by one against
// the row before it: padding and reshaping do the work. What lies beyond the edges is zero.

#ifndef HEDDLE_COMPILER_PARALLEL_DAG_SKEW_H
#define HEDDLE_COMPILER_PARALLEL_DAG_SKEW_H

#include "compiler/source/Arithmetic.h"

namespace heddle {

class Skew {
public:
  /// Of a grid of `height` x `width`; `sizes` has the symbols of both.
  Skew(mlir::OpBuilder b, mlir::Location loc, DimExpr height, DimExpr width, mlir::Value sizes);

  /// How many times there are: one for each anti-diagonal. (One more where a side may be 0: sizes
  /// are never negative.)
  const DimExpr &times() const { return length; }

  /// height x width x ... as times x height x ....
  mlir::Value skewed(mlir::Value grid);
  /// And back.
  mlir::Value straightened(mlir::Value skewed);
  /// Which rows are within the grid: bool, times x height.
  mlir::Value inside();
  /// A value for each column, in the order of time: times x ....
  mlir::Value entering(mlir::Value columns);
  /// What leaves the last row, a value for each time: width x ... of times x .... Of no rows, what
  /// entered.
  mlir::Value leaving(mlir::Value lastRow);

private:
  /// With zeros (false) after the last element of an axis.
  mlir::Value padded(mlir::Value value, int64_t axis, const DimExpr &count);

  Arithmetic m;
  DimExpr height, width, length;
  mlir::Value sizes;
};

/// A tensor of one number, and of zeros; `sizes` has the symbols of the dimensions.
mlir::Value splat(mlir::OpBuilder &b, mlir::Location loc, const Dims &dims, mlir::TypedAttr element,
                  mlir::Value sizes);
mlir::Value zeros(mlir::OpBuilder &b, mlir::Location loc, const Dims &dims, mlir::Type elementType,
                  mlir::Value sizes);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_DAG_SKEW_H
