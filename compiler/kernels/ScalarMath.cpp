// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/ScalarMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace heddle {

Type ScalarMath::computeType(Type type) {
  auto floating = dyn_cast<FloatType>(type);
  return floating && floating.getWidth() < 32 ? Float32Type::get(type.getContext()) : type;
}

Value ScalarMath::widen(Value value) {
  Type type = computeType(value.getType());
  return type == value.getType() ? value : arith::ExtFOp::create(b, type, value);
}

Value ScalarMath::narrow(Value value, Type type) {
  return type == value.getType() ? value : arith::TruncFOp::create(b, type, value);
}

Value ScalarMath::constant(Type type, double value) {
  if (isa<FloatType>(type))
    return arith::ConstantOp::create(b, b.getFloatAttr(type, value));
  return constantInt(type, static_cast<int64_t>(value));
}

Value ScalarMath::constantInt(Type type, int64_t value) {
  if (isa<FloatType>(type))
    return arith::ConstantOp::create(b, b.getFloatAttr(type, static_cast<double>(value)));
  return arith::ConstantOp::create(b, b.getIntegerAttr(type, value));
}

Value ScalarMath::lowest(Type type) {
  if (auto floating = dyn_cast<FloatType>(type))
    return arith::ConstantOp::create(
        b, b.getFloatAttr(type, APFloat::getInf(floating.getFloatSemantics(), true)));
  unsigned width = type.getIntOrFloatBitWidth();
  APInt value = isUnsigned || width == 1 ? APInt::getZero(width) : APInt::getSignedMinValue(width);
  return arith::ConstantOp::create(b, b.getIntegerAttr(type, value));
}

Value ScalarMath::highest(Type type) {
  if (auto floating = dyn_cast<FloatType>(type))
    return arith::ConstantOp::create(
        b, b.getFloatAttr(type, APFloat::getInf(floating.getFloatSemantics())));
  unsigned width = type.getIntOrFloatBitWidth();
  APInt value =
      isUnsigned || width == 1 ? APInt::getMaxValue(width) : APInt::getSignedMaxValue(width);
  return arith::ConstantOp::create(b, b.getIntegerAttr(type, value));
}

Value ScalarMath::add(Value lhs, Value rhs) {
  if (isa<FloatType>(lhs.getType()))
    return function<arith::AddFOp>(lhs, rhs);
  return arith::AddIOp::create(b, lhs, rhs);
}

Value ScalarMath::sub(Value lhs, Value rhs) {
  if (isa<FloatType>(lhs.getType()))
    return function<arith::SubFOp>(lhs, rhs);
  return arith::SubIOp::create(b, lhs, rhs);
}

Value ScalarMath::mul(Value lhs, Value rhs) {
  if (isa<FloatType>(lhs.getType()))
    return function<arith::MulFOp>(lhs, rhs);
  return arith::MulIOp::create(b, lhs, rhs);
}

Value ScalarMath::div(Value lhs, Value rhs) {
  Type type = lhs.getType();
  if (isa<FloatType>(type))
    return function<arith::DivFOp>(lhs, rhs);
  // x86 traps on division by zero and on lowest / -1: divide by 1 instead and mend the result.
  Value isZero = equal(rhs, zero(type));
  Value divisor = select(isZero, one(type), rhs);
  if (isUnsigned)
    return select(isZero, zero(type), arith::DivUIOp::create(b, lhs, divisor));
  Value isMinusOne = equal(rhs, constantInt(type, -1));
  Value safe = select(isMinusOne, one(type), divisor);
  Value quotient = arith::DivSIOp::create(b, lhs, safe);
  quotient = select(isMinusOne, neg(lhs), quotient);
  return select(isZero, zero(type), quotient);
}

Value ScalarMath::max(Value lhs, Value rhs) {
  if (isa<FloatType>(lhs.getType()))
    return function<arith::MaximumFOp>(lhs, rhs);
  if (isUnsigned || lhs.getType().isInteger(1))
    return arith::MaxUIOp::create(b, lhs, rhs);
  return arith::MaxSIOp::create(b, lhs, rhs);
}

Value ScalarMath::min(Value lhs, Value rhs) {
  if (isa<FloatType>(lhs.getType()))
    return function<arith::MinimumFOp>(lhs, rhs);
  if (isUnsigned || lhs.getType().isInteger(1))
    return arith::MinUIOp::create(b, lhs, rhs);
  return arith::MinSIOp::create(b, lhs, rhs);
}

Value ScalarMath::neg(Value value) {
  if (isa<FloatType>(value.getType()))
    return arith::NegFOp::create(b, value);
  return arith::SubIOp::create(b, zero(value.getType()), value);
}

Value ScalarMath::abs(Value value) {
  if (isa<FloatType>(value.getType()))
    return function<math::AbsFOp>(value);
  if (isUnsigned)
    return value;
  return arith::MaxSIOp::create(b, value, neg(value));
}

Value ScalarMath::equal(Value lhs, Value rhs) {
  if (isa<FloatType>(lhs.getType()))
    return arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, lhs, rhs);
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, lhs, rhs);
}

Value ScalarMath::less(Value lhs, Value rhs) {
  if (isa<FloatType>(lhs.getType()))
    return arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, lhs, rhs);
  return arith::CmpIOp::create(
      b, isUnsigned ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt, lhs, rhs);
}

Value ScalarMath::lessOrEqual(Value lhs, Value rhs) {
  if (isa<FloatType>(lhs.getType()))
    return arith::CmpFOp::create(b, arith::CmpFPredicate::OLE, lhs, rhs);
  return arith::CmpIOp::create(
      b, isUnsigned ? arith::CmpIPredicate::ule : arith::CmpIPredicate::sle, lhs, rhs);
}

Value ScalarMath::logicalAnd(Value lhs, Value rhs) { return arith::AndIOp::create(b, lhs, rhs); }
Value ScalarMath::logicalOr(Value lhs, Value rhs) { return arith::OrIOp::create(b, lhs, rhs); }
Value ScalarMath::logicalNot(Value value) {
  return arith::XOrIOp::create(b, value, constantInt(value.getType(), 1));
}
Value ScalarMath::select(Value condition, Value yes, Value no) {
  return arith::SelectOp::create(b, condition, yes, no);
}

Value ScalarMath::exp(Value x) { return function<math::ExpOp>(x); }
Value ScalarMath::log(Value x) { return function<math::LogOp>(x); }
Value ScalarMath::sqrt(Value x) { return function<math::SqrtOp>(x); }
Value ScalarMath::tanh(Value x) { return function<math::TanhOp>(x); }
Value ScalarMath::erf(Value x) { return function<math::ErfOp>(x); }

Value ScalarMath::sigmoid(Value x) {
  Value wide = widen(x);
  Value unit = one(wide.getType());
  Value result = arith::DivFOp::create(b, unit, add(unit, exp(neg(wide))));
  return narrow(result, x.getType());
}

Value ScalarMath::cast(Value value, Type to, Signedness toSignedness) {
  Type from = value.getType();
  if (from == to)
    return value;
  bool fromFloat = isa<FloatType>(from), toFloat = isa<FloatType>(to);
  if (to.isInteger(1)) {
    if (fromFloat)
      return arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, value, zero(from));
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, value, zero(from));
  }
  if (fromFloat && toFloat) {
    unsigned fromWidth = from.getIntOrFloatBitWidth(), toWidth = to.getIntOrFloatBitWidth();
    if (fromWidth < toWidth)
      return arith::ExtFOp::create(b, to, value);
    if (fromWidth > toWidth)
      return arith::TruncFOp::create(b, to, value);
    return narrow(widen(value), to); // f16 and bf16
  }
  if (fromFloat) {
    // Through a wider integer, clamped to it: out of range is left open by the specification, but
    // not to the machine.
    Value wide = widen(value);
    unsigned width = to.getIntOrFloatBitWidth();
    if (toSignedness == Signedness::Unsigned && width == 64)
      return arith::FPToUIOp::create(b, to, wide);
    Type middle = b.getIntegerType(width < 32 ? 32 : 64);
    if (width == 32 && toSignedness == Signedness::Signed)
      middle = to;
    Value integer = arith::FPToSIOp::create(b, middle, wide);
    return middle == to ? integer : arith::TruncIOp::create(b, to, integer);
  }
  bool unsignedSource = isUnsigned || from.isInteger(1);
  if (toFloat) {
    Type compute = computeType(to);
    Value result = unsignedSource ? Value(arith::UIToFPOp::create(b, compute, value))
                                  : Value(arith::SIToFPOp::create(b, compute, value));
    return narrow(result, to);
  }
  if (from.getIntOrFloatBitWidth() > to.getIntOrFloatBitWidth())
    return arith::TruncIOp::create(b, to, value);
  if (from.getIntOrFloatBitWidth() == to.getIntOrFloatBitWidth())
    return value; // the same bits, read with another sign
  return unsignedSource ? Value(arith::ExtUIOp::create(b, to, value))
                        : Value(arith::ExtSIOp::create(b, to, value));
}

} // namespace heddle
