// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic on the coefficients of linear forms, with the trivial ones kept apart: a factor that is
// known to be 1 costs nothing. The ring is that of numbers, or of bits with exclusive or as the sum
// and and as the product, in which every function of one bit is a s + b.

#ifndef HEDDLE_COMPILER_PARALLEL_RECURRENCE_RING_H
#define HEDDLE_COMPILER_PARALLEL_RECURRENCE_RING_H

#include "compiler/source/Arithmetic.h"

#include <optional>

namespace heddle {

struct Coefficient {
  enum Kind { Zero, One, General };
  Coefficient(Kind kind = Zero) : kind(kind) {}
  Coefficient(mlir::Value value) : kind(General), value(value) {}
  bool isZero() const { return kind == Zero; }
  bool isOne() const { return kind == One; }

  Kind kind;
  mlir::Value value; // of the general kind
};

/// The dimensions of an element-wise operation on two tensors; nothing where they may disagree.
std::optional<Dims> broadcastDims(llvm::ArrayRef<DimExpr> x, llvm::ArrayRef<DimExpr> y);
/// Without the leading axes of size 1.
Dims withoutLeadingOnes(llvm::ArrayRef<DimExpr> dims);

/// A scalar constant of the type.
mlir::Value scalarConstant(Arithmetic &m, mlir::Type element, double value);
/// Where(condition, x, y).
mlir::Value select(Arithmetic &m, mlir::Value condition, mlir::Value x, mlir::Value y);

class Ring {
public:
  Ring(mlir::Type element, bool bits) : element(element), bits(bits) {}
  bool isOfBits() const { return bits; }

  mlir::Value add(Arithmetic &m, mlir::Value x, mlir::Value y) const;
  mlir::Value mul(Arithmetic &m, mlir::Value x, mlir::Value y) const;

  Coefficient add(Arithmetic &m, Coefficient x, Coefficient y) const;
  Coefficient mul(Arithmetic &m, Coefficient x, Coefficient y) const;
  Coefficient neg(Arithmetic &m, Coefficient x) const;
  Coefficient select(Arithmetic &m, mlir::Value condition, Coefficient x, Coefficient y) const;
  mlir::Value valueOf(Arithmetic &m, Coefficient x) const;

private:
  mlir::Type element;
  bool bits;
};

/// Brings a coefficient of a value of dimensions `from` to those of the same elements seen as `to`.
/// `sizes` has the symbols among the dimensions.
mlir::Value viewedWith(Arithmetic &m, mlir::Value coefficient, const Dims &from, const Dims &to,
                       mlir::Value sizes);
/// The parameters in the shape that combining them keeps: that of their broadcast, without leading
/// axes that the state does not have. The first `kept` keep their own.
bool unifyShapes(Arithmetic &m, llvm::MutableArrayRef<mlir::Value> elements, unsigned kept,
                 const Dims &state, mlir::Value sizes);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_RECURRENCE_RING_H
