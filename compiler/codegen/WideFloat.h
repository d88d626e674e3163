// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic on f64 values of one shape, written as formulas; for WideMath.cpp.

#ifndef HEDDLE_COMPILER_CODEGEN_WIDEFLOAT_H
#define HEDDLE_COMPILER_CODEGEN_WIDEFLOAT_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"

namespace heddle::codegen {

class WideBuilder;

/// An f64 value, or vector of them.
struct Wide {
  WideBuilder *b;
  mlir::Value value;
};
/// i64 of the same shape.
struct Bits {
  WideBuilder *b;
  mlir::Value value;
};
/// i1 of the same shape.
struct Test {
  WideBuilder *b;
  mlir::Value value;
};

class WideBuilder {
public:
  /// For values of the shape of `like`, whose element type does not matter.
  WideBuilder(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type like)
      : builder(builder), loc(loc), like(like) {}

  mlir::Type type(mlir::Type element) const {
    if (auto vector = mlir::dyn_cast<mlir::VectorType>(like))
      return vector.clone(element);
    return element;
  }
  mlir::Value constant(mlir::TypedAttr scalar) {
    mlir::Type shaped = type(scalar.getType());
    if (auto vector = mlir::dyn_cast<mlir::VectorType>(shaped))
      scalar = mlir::DenseElementsAttr::get(vector, mlir::Attribute(scalar));
    return mlir::arith::ConstantOp::create(builder, loc, scalar);
  }
  Wide number(double value) { return {this, constant(builder.getF64FloatAttr(value))}; }
  Bits bits(int64_t value) { return {this, constant(builder.getI64IntegerAttr(value))}; }
  Wide extend(mlir::Value f32) {
    return {this, mlir::arith::ExtFOp::create(builder, loc, type(builder.getF64Type()), f32)};
  }
  mlir::Value truncate(Wide x) {
    return mlir::arith::TruncFOp::create(builder, loc, type(builder.getF32Type()), x.value);
  }
  template <typename Op, typename Result = Wide> Result op(mlir::Value a, mlir::Value b) {
    return {this, Op::create(builder, loc, a, b)};
  }
  template <typename Op> Wide op(Wide a) { return {this, Op::create(builder, loc, a.value)}; }
  Test compare(mlir::arith::CmpFPredicate predicate, Wide a, Wide b) {
    return {this, mlir::arith::CmpFOp::create(builder, loc, predicate, a.value, b.value)};
  }
  Test compare(mlir::arith::CmpIPredicate predicate, Bits a, Bits b) {
    return {this, mlir::arith::CmpIOp::create(builder, loc, predicate, a.value, b.value)};
  }
  Wide select(Test test, Wide a, Wide b) {
    return {this, mlir::arith::SelectOp::create(builder, loc, test.value, a.value, b.value)};
  }
  Bits bitsOf(Wide x) {
    return {this,
            mlir::arith::BitcastOp::create(builder, loc, type(builder.getI64Type()), x.value)};
  }
  Wide ofBits(Bits x) {
    return {this,
            mlir::arith::BitcastOp::create(builder, loc, type(builder.getF64Type()), x.value)};
  }

private:
  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Type like;
};

inline Wide operator+(Wide a, Wide b) { return a.b->op<mlir::arith::AddFOp>(a.value, b.value); }
inline Wide operator-(Wide a, Wide b) { return a.b->op<mlir::arith::SubFOp>(a.value, b.value); }
inline Wide operator*(Wide a, Wide b) { return a.b->op<mlir::arith::MulFOp>(a.value, b.value); }
inline Wide operator/(Wide a, Wide b) { return a.b->op<mlir::arith::DivFOp>(a.value, b.value); }
inline Wide operator+(Wide a, double b) { return a + a.b->number(b); }
inline Wide operator-(Wide a, double b) { return a - a.b->number(b); }
inline Wide operator*(Wide a, double b) { return a * a.b->number(b); }
inline Wide operator/(double a, Wide b) { return b.b->number(a) / b; }
inline Wide operator-(Wide a) { return a.b->op<mlir::arith::NegFOp>(a); }
inline Wide abs(Wide a) { return a.b->op<mlir::math::AbsFOp>(a); }
inline Wide sqrt(Wide a) { return a.b->op<mlir::math::SqrtOp>(a); }
inline Wide copysign(Wide size, Wide sign) {
  return size.b->op<mlir::math::CopySignOp>(size.value, sign.value);
}
inline Wide clamp(Wide x, double low, double high) { // NaN stays
  Wide top = x.b->op<mlir::arith::MinimumFOp>(x.value, x.b->number(high).value);
  return x.b->op<mlir::arith::MaximumFOp>(top.value, x.b->number(low).value);
}
inline Bits operator+(Bits a, Bits b) {
  return a.b->op<mlir::arith::AddIOp, Bits>(a.value, b.value);
}
inline Bits operator-(Bits a, Bits b) {
  return a.b->op<mlir::arith::SubIOp, Bits>(a.value, b.value);
}
inline Bits operator&(Bits a, Bits b) {
  return a.b->op<mlir::arith::AndIOp, Bits>(a.value, b.value);
}
inline Bits operator|(Bits a, Bits b) {
  return a.b->op<mlir::arith::OrIOp, Bits>(a.value, b.value);
}
inline Bits operator^(Bits a, Bits b) {
  return a.b->op<mlir::arith::XOrIOp, Bits>(a.value, b.value);
}
inline Bits operator<<(Bits a, int64_t n) {
  return a.b->op<mlir::arith::ShLIOp, Bits>(a.value, a.b->bits(n).value);
}
inline Bits operator>>(Bits a, int64_t n) { // zeros come in
  return a.b->op<mlir::arith::ShRUIOp, Bits>(a.value, a.b->bits(n).value);
}
inline Test operator|(Test a, Test b) {
  return a.b->op<mlir::arith::OrIOp, Test>(a.value, b.value);
}
inline Test operator<(Wide a, Wide b) {
  return a.b->compare(mlir::arith::CmpFPredicate::OLT, a, b);
}
inline Test operator<(Wide a, double b) { return a < a.b->number(b); }
inline Test operator>(Wide a, double b) { return a.b->number(b) < a; }
inline Test equal(Wide a, Wide b) { return a.b->compare(mlir::arith::CmpFPredicate::OEQ, a, b); }
inline Test equal(Wide a, double b) { return equal(a, a.b->number(b)); }
inline Test equal(Bits a, Bits b) { return a.b->compare(mlir::arith::CmpIPredicate::eq, a, b); }
inline Wide select(Test test, Wide a, Wide b) { return a.b->select(test, a, b); }

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_WIDEFLOAT_H
