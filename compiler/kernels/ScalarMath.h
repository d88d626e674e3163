// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scalar arithmetic in the bodies of structured kernels, chosen by type: floats, signed and
// unsigned integers, booleans. Half types compute in f32 and round once an operation.

#ifndef HEDDLE_COMPILER_KERNELS_SCALARMATH_H
#define HEDDLE_COMPILER_KERNELS_SCALARMATH_H

#include "compiler/kernels/KernelBuilder.h"

namespace heddle {

class ScalarMath {
public:
  ScalarMath(mlir::ImplicitLocOpBuilder &builder, Signedness signedness = Signedness::Signed)
      : b(builder), isUnsigned(signedness == Signedness::Unsigned) {}

  mlir::Value constant(mlir::Type type, double value);
  mlir::Value constantInt(mlir::Type type, int64_t value);
  mlir::Value zero(mlir::Type type) { return constantInt(type, 0); }
  mlir::Value one(mlir::Type type) { return constantInt(type, 1); }
  /// The least and greatest values: infinities for floats.
  mlir::Value lowest(mlir::Type type);
  mlir::Value highest(mlir::Type type);

  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value sub(mlir::Value lhs, mlir::Value rhs);
  mlir::Value mul(mlir::Value lhs, mlir::Value rhs);
  /// Integer division truncates and is total: a zero divisor gives 0, and nothing traps.
  mlir::Value div(mlir::Value lhs, mlir::Value rhs);
  /// NaN where an operand is NaN.
  mlir::Value max(mlir::Value lhs, mlir::Value rhs);
  mlir::Value min(mlir::Value lhs, mlir::Value rhs);
  mlir::Value neg(mlir::Value value);
  mlir::Value abs(mlir::Value value);

  mlir::Value equal(mlir::Value lhs, mlir::Value rhs);
  mlir::Value less(mlir::Value lhs, mlir::Value rhs);
  mlir::Value lessOrEqual(mlir::Value lhs, mlir::Value rhs);
  mlir::Value logicalAnd(mlir::Value lhs, mlir::Value rhs);
  mlir::Value logicalOr(mlir::Value lhs, mlir::Value rhs);
  mlir::Value logicalNot(mlir::Value value);
  mlir::Value select(mlir::Value condition, mlir::Value yes, mlir::Value no);

  /// Float functions. f16 and bf16 are widened to f32 and rounded back.
  mlir::Value exp(mlir::Value x);
  mlir::Value log(mlir::Value x);
  mlir::Value sqrt(mlir::Value x);
  mlir::Value tanh(mlir::Value x);
  mlir::Value erf(mlir::Value x);
  mlir::Value sigmoid(mlir::Value x);
  template <typename MathOp> mlir::Value function(mlir::Value x);
  template <typename MathOp> mlir::Value function(mlir::Value x, mlir::Value y);

  /// A value of another element type, as ONNX's Cast converts: float to integer truncates, and
  /// saturates where the specification leaves the result open; bool is x != 0.
  mlir::Value cast(mlir::Value value, mlir::Type to, Signedness toSignedness);

  /// f32 for the half types, the type itself otherwise.
  static mlir::Type computeType(mlir::Type type);
  mlir::Value widen(mlir::Value value);
  mlir::Value narrow(mlir::Value value, mlir::Type type);

private:
  mlir::ImplicitLocOpBuilder &b;
  bool isUnsigned;
};

template <typename MathOp> mlir::Value ScalarMath::function(mlir::Value x) {
  return narrow(MathOp::create(b, widen(x)), x.getType());
}
template <typename MathOp> mlir::Value ScalarMath::function(mlir::Value x, mlir::Value y) {
  return narrow(MathOp::create(b, widen(x), widen(y)), x.getType());
}

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_SCALARMATH_H
