// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic on indices in the bodies of structured kernels. What is constant is folded at once, so
// that an index that is only shifted stays a plain sum, which loops read contiguously.

#ifndef HEDDLE_COMPILER_KERNELS_INDEXMATH_H
#define HEDDLE_COMPILER_KERNELS_INDEXMATH_H

#include "compiler/kernels/KernelBuilder.h"

namespace heddle {

class IndexMath {
public:
  explicit IndexMath(KernelBuilder &builder) : b(builder) {}

  mlir::Value value(int64_t number) { return b.index(number); }
  mlir::Value value(const DimExpr &expr) { return b.index(expr); }

  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value sub(mlir::Value lhs, mlir::Value rhs);
  mlir::Value mul(mlir::Value lhs, mlir::Value rhs);
  /// The operands are not negative, the divisor is positive.
  mlir::Value div(mlir::Value lhs, mlir::Value rhs);
  mlir::Value mod(mlir::Value lhs, mlir::Value rhs);
  mlir::Value min(mlir::Value lhs, mlir::Value rhs);
  mlir::Value max(mlir::Value lhs, mlir::Value rhs);
  mlir::Value clamp(mlir::Value value, mlir::Value low, mlir::Value high);

  // The same with a right side that is an expression over the kernel's symbols.
  mlir::Value add(mlir::Value lhs, const DimExpr &rhs) { return add(lhs, value(rhs)); }
  mlir::Value sub(mlir::Value lhs, const DimExpr &rhs) { return sub(lhs, value(rhs)); }
  mlir::Value mul(mlir::Value lhs, const DimExpr &rhs) { return mul(lhs, value(rhs)); }
  mlir::Value div(mlir::Value lhs, const DimExpr &rhs) { return div(lhs, value(rhs)); }
  mlir::Value mod(mlir::Value lhs, const DimExpr &rhs) { return mod(lhs, value(rhs)); }

  mlir::Value less(mlir::Value lhs, mlir::Value rhs);
  mlir::Value atLeast(mlir::Value lhs, mlir::Value rhs);
  mlir::Value equal(mlir::Value lhs, mlir::Value rhs);
  /// Both conditions; null stands for one that always holds.
  mlir::Value both(mlir::Value lhs, mlir::Value rhs);
  mlir::Value select(mlir::Value condition, mlir::Value yes, mlir::Value no);

  /// An integer element as an index, and an index as a number of an element type.
  mlir::Value fromElement(mlir::Value element, Signedness signedness = Signedness::Signed);
  mlir::Value toElement(mlir::Value index, mlir::Type type);

private:
  KernelBuilder &b;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_INDEXMATH_H
