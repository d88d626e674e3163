// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators given by what they do to one element of each operand.

#ifndef HEDDLE_COMPILER_KERNELS_LOWERING_SCALARFUNCTION_H
#define HEDDLE_COMPILER_KERNELS_LOWERING_SCALARFUNCTION_H

#include "compiler/kernels/lowering/Support.h"

namespace heddle {

/// One scalar of the result from one scalar of each operand.
using ScalarFunction = mlir::Value (*)(ScalarMath &m, KernelBuilder &b, mlir::Operation *op,
                                       mlir::ValueRange x);

/// Signedness is that of the first operand: the others of arithmetic operators have its type.
template <ScalarFunction function>
mlir::LogicalResult lowerElementwise(KernelBuilder &b, mlir::Operation *op,
                                     mlir::ArrayRef<mlir::Value> operands,
                                     mlir::SmallVectorImpl<mlir::Value> &results) {
  ScalarMath math(b, signednessOf(elementTypeOf(op->getOperand(0))));
  results.push_back(b.map(op->getResult(0), operands,
                          [&](mlir::ValueRange x) { return function(math, b, op, x); }));
  return mlir::success();
}

/// A method of ScalarMath that takes one number.
template <mlir::Value (ScalarMath::*method)(mlir::Value)>
mlir::Value unary(ScalarMath &m, KernelBuilder &, mlir::Operation *, mlir::ValueRange x) {
  return (m.*method)(x[0]);
}

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_LOWERING_SCALARFUNCTION_H
