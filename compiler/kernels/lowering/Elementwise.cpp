// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators whose results depend on the operands' elements at the same place.

#include "compiler/kernels/lowering/Families.h"
#include "compiler/kernels/lowering/ScalarFunction.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace heddle;

namespace {

/// Operators of any number of operands, combined from the left.
template <Value (ScalarMath::*combine)(Value, Value)>
Value foldOperands(ScalarMath &m, KernelBuilder &, Operation *, ValueRange x) {
  Value result = x[0];
  for (Value next : x.drop_front())
    result = (m.*combine)(result, next);
  return result;
}

Value mean(ScalarMath &m, KernelBuilder &b, Operation *op, ValueRange x) {
  Value sum = foldOperands<&ScalarMath::add>(m, b, op, x);
  return m.div(sum, m.constant(sum.getType(), static_cast<double>(x.size())));
}

/// ONNX's Mod: the sign of the divisor for integers, of the dividend with fmod=1.
Value mod(ScalarMath &m, KernelBuilder &b, Operation *op, ValueRange x) {
  Type type = x[0].getType();
  if (isa<FloatType>(type))
    return m.function<arith::RemFOp>(x[0], x[1]);
  Value truncated = m.sub(x[0], m.mul(m.div(x[0], x[1]), x[1]));
  if (cast<onnx::ModOp>(op).getFmod() || elementTypeOf(op->getOperand(0)).isUnsignedInteger())
    return truncated;
  Value zero = m.zero(type);
  Value nonZero = m.logicalNot(m.equal(truncated, zero));
  Value signsDiffer = arith::XOrIOp::create(b, m.less(truncated, zero), m.less(x[1], zero));
  return m.select(m.logicalAnd(nonZero, signsDiffer), m.add(truncated, x[1]), truncated);
}

Value bitShift(ScalarMath &m, KernelBuilder &b, Operation *op, ValueRange x) {
  Type type = x[0].getType();
  Value width = m.constantInt(type, type.getIntOrFloatBitWidth());
  Value inRange = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, x[1], width);
  Value amount = m.select(inRange, x[1], m.zero(type));
  Value shifted = cast<onnx::BitShiftOp>(op).getDirection() == "LEFT"
                      ? Value(arith::ShLIOp::create(b, x[0], amount))
                      : Value(arith::ShRUIOp::create(b, x[0], amount));
  return m.select(inRange, shifted, m.zero(type));
}

/// The exponent may be of another type. Small whole exponents that are known are products.
Value power(ScalarMath &m, KernelBuilder &b, Operation *op, ValueRange x) {
  auto exponentType = cast<onnx::PowOp>(op).getY().getType();
  Type type = x[0].getType();
  std::optional<double> known;
  if (auto constant = x[1].getDefiningOp<arith::ConstantOp>()) {
    if (auto number = dyn_cast<FloatAttr>(constant.getValue()))
      known = number.getValueAsDouble();
    else if (auto whole = dyn_cast<IntegerAttr>(constant.getValue()))
      known = static_cast<double>(whole.getInt());
  }
  if (known == 1.0)
    return x[0];
  if (known == 2.0)
    return m.mul(x[0], x[0]);
  if (known == 3.0)
    return m.mul(m.mul(x[0], x[0]), x[0]);
  if (known == 0.5 && isa<FloatType>(type))
    return m.sqrt(x[0]);
  ScalarMath exponentMath(b, signednessOf(cast<ShapedType>(exponentType).getElementType()));
  if (isa<FloatType>(type)) {
    Value base = m.widen(x[0]);
    Value exponent = exponentMath.cast(x[1], base.getType(), Signedness::Signed);
    return m.narrow(math::PowFOp::create(b, base, exponent), type);
  }
  Type f64 = b.getF64Type();
  Value result = math::PowFOp::create(b, m.cast(x[0], f64, Signedness::Signed),
                                      exponentMath.cast(x[1], f64, Signedness::Signed));
  return ScalarMath(b).cast(result, type, signednessOf(elementTypeOf(op->getOperand(0))));
}

Value greater(ScalarMath &m, KernelBuilder &, Operation *, ValueRange x) {
  return m.less(x[1], x[0]);
}
Value greaterOrEqual(ScalarMath &m, KernelBuilder &, Operation *, ValueRange x) {
  return m.lessOrEqual(x[1], x[0]);
}
template <Value (ScalarMath::*compare)(Value, Value)>
Value comparison(ScalarMath &m, KernelBuilder &, Operation *, ValueRange x) {
  return (m.*compare)(x[0], x[1]);
}
template <typename BitOp> Value bitwise(ScalarMath &, KernelBuilder &b, Operation *, ValueRange x) {
  return BitOp::create(b, x[0], x[1]);
}
Value bitwiseNot(ScalarMath &m, KernelBuilder &b, Operation *, ValueRange x) {
  return arith::XOrIOp::create(b, x[0], m.constantInt(x[0].getType(), -1));
}
Value logicalNot(ScalarMath &m, KernelBuilder &, Operation *, ValueRange x) {
  return m.logicalNot(x[0]);
}
Value where(ScalarMath &m, KernelBuilder &, Operation *, ValueRange x) {
  return m.select(x[0], x[1], x[2]);
}
Value identity(ScalarMath &, KernelBuilder &, Operation *, ValueRange x) { return x[0]; }

Value castTo(ScalarMath &m, KernelBuilder &, Operation *op, ValueRange x) {
  Type to = elementTypeOf(op->getResult(0));
  return m.cast(x[0], signlessType(to), signednessOf(to));
}

Value sign(ScalarMath &m, KernelBuilder &b, Operation *op, ValueRange x) {
  Type type = x[0].getType();
  Value zero = m.zero(type);
  Value negative = elementTypeOf(op->getOperand(0)).isUnsignedInteger()
                       ? zero
                       : m.select(m.less(x[0], zero), m.constantInt(type, -1), zero);
  Value result = m.select(m.less(zero, x[0]), m.one(type), negative);
  if (!isa<FloatType>(type))
    return result;
  Value isNan = arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, x[0], x[0]);
  return m.select(isNan, x[0], result);
}

Value isNan(ScalarMath &, KernelBuilder &b, Operation *, ValueRange x) {
  return arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, x[0], x[0]);
}
Value isInf(ScalarMath &m, KernelBuilder &b, Operation *op, ValueRange x) {
  auto isInf = cast<onnx::IsInfOp>(op);
  Value result = m.constantInt(b.getI1Type(), 0);
  if (isInf.getDetectPositive())
    result = m.logicalOr(result, m.equal(x[0], m.highest(x[0].getType())));
  if (isInf.getDetectNegative())
    result = m.logicalOr(result, m.equal(x[0], m.lowest(x[0].getType())));
  return result;
}

/// The first operand alone, broadcast to the result: Expand, and CastLike, whose other operand only
/// says to which type.
template <ScalarFunction function>
LogicalResult lowerFirst(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                         SmallVectorImpl<Value> &results) {
  Value source = op->getOperand(0), result = op->getResult(0);
  ScalarMath math(b, signednessOf(elementTypeOf(source)));
  results.push_back(b.map(b.dims(result), signlessType(elementTypeOf(result)), operands[0],
                          b.dims(source), [&](ValueRange x) { return function(math, b, op, x); }));
  return success();
}

/// Operands min and max are optional, and either may be absent.
LogicalResult lowerClip(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                        SmallVectorImpl<Value> &results) {
  auto clip = cast<onnx::ClipOp>(op);
  ScalarMath m(b, signednessOf(elementTypeOf(op->getOperand(0))));
  results.push_back(b.map(op->getResult(0), operands, [&](ValueRange x) {
    Value value = x[0];
    unsigned next = 1;
    if (clip.getMin())
      value = m.max(value, x[next++]);
    if (clip.getMax())
      value = m.min(value, x[next]);
    return value;
  }));
  return success();
}

Value prelu(ScalarMath &m, KernelBuilder &, Operation *, ValueRange x) {
  return m.select(m.less(x[0], m.zero(x[0].getType())), m.mul(x[0], x[1]), x[0]);
}

} // namespace

void heddle::addElementwiseLowerings(StructuredLoweringTable &table) {
  constexpr auto elementwise = whereComputable<AccessPattern::Elementwise>;
  auto add = [&](StringRef name, auto lower) { addLowering(table, name, {elementwise, lower}); };
  add("Add", lowerElementwise<foldOperands<&ScalarMath::add>>);
  add("Sub", lowerElementwise<foldOperands<&ScalarMath::sub>>);
  add("Mul", lowerElementwise<foldOperands<&ScalarMath::mul>>);
  add("Div", lowerElementwise<foldOperands<&ScalarMath::div>>);
  add("Sum", lowerElementwise<foldOperands<&ScalarMath::add>>);
  // Where the other may be NaN, and either zero, it takes three instructions.
  static constexpr unsigned pair[] = {0, 1}, bounds[] = {1, 2};
  addLowering(table, "Max",
              {elementwise, lowerElementwise<foldOperands<&ScalarMath::max>>, {}, pair});
  addLowering(table, "Min",
              {elementwise, lowerElementwise<foldOperands<&ScalarMath::min>>, {}, pair});
  add("Mean", lowerElementwise<mean>);
  add("Mod", lowerElementwise<mod>);
  static constexpr unsigned exponent[] = {1};
  addLowering(table, "Pow", {elementwise, lowerElementwise<power>, {}, exponent});
  add("BitShift", lowerElementwise<bitShift>);
  add("Neg", lowerElementwise<unary<&ScalarMath::neg>>);
  add("Abs", lowerElementwise<unary<&ScalarMath::abs>>);
  add("Sign", lowerElementwise<sign>);

  add("Equal", lowerElementwise<comparison<&ScalarMath::equal>>);
  add("Less", lowerElementwise<comparison<&ScalarMath::less>>);
  add("LessOrEqual", lowerElementwise<comparison<&ScalarMath::lessOrEqual>>);
  add("Greater", lowerElementwise<greater>);
  add("GreaterOrEqual", lowerElementwise<greaterOrEqual>);
  add("And", lowerElementwise<bitwise<arith::AndIOp>>);
  add("Or", lowerElementwise<bitwise<arith::OrIOp>>);
  add("Xor", lowerElementwise<bitwise<arith::XOrIOp>>);
  add("Not", lowerElementwise<logicalNot>);
  add("BitwiseAnd", lowerElementwise<bitwise<arith::AndIOp>>);
  add("BitwiseOr", lowerElementwise<bitwise<arith::OrIOp>>);
  add("BitwiseXor", lowerElementwise<bitwise<arith::XOrIOp>>);
  add("BitwiseNot", lowerElementwise<bitwiseNot>);
  add("Where", lowerElementwise<where>);
  add("Cast", lowerElementwise<castTo>);
  add("CastLike", lowerFirst<castTo>);
  add("Identity", lowerElementwise<identity>);
  static constexpr unsigned shape[] = {1};
  addLowering(table, "Expand", {elementwise, lowerFirst<identity>, shape});
  add("IsNaN", lowerElementwise<isNan>);
  add("IsInf", lowerElementwise<isInf>);
  addLowering(table, "Clip", {elementwise, lowerClip, {}, bounds});
  add("PRelu", lowerElementwise<prelu>);
  addFunctionLowerings(table);
}
