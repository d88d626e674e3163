// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/recurrence/Ring.h"

using namespace mlir;

namespace heddle {

std::optional<Dims> broadcastDims(ArrayRef<DimExpr> x, ArrayRef<DimExpr> y) {
  if (x.size() < y.size())
    std::swap(x, y);
  Dims dims(x);
  for (auto [dim, other] : llvm::zip(llvm::reverse(dims), llvm::reverse(y))) {
    if (dim.isConstant(1))
      dim = other;
    else if (dim != other && !other.isConstant(1))
      return std::nullopt;
  }
  return dims;
}

Dims withoutLeadingOnes(ArrayRef<DimExpr> dims) {
  while (!dims.empty() && dims.front().isConstant(1))
    dims = dims.drop_front();
  return Dims(dims);
}

Value scalarConstant(Arithmetic &m, Type element, double value) {
  auto type = RankedTensorType::get({}, element);
  TypedAttr attribute;
  if (auto floating = dyn_cast<FloatType>(element))
    attribute = FloatAttr::get(floating, value);
  else
    attribute = IntegerAttr::get(element,
                                 APInt(element.getIntOrFloatBitWidth(), static_cast<int64_t>(value),
                                       /*isSigned=*/true, /*implicitTrunc=*/true));
  auto constant = onnx::ConstantOp::create(m.b, m.loc, TypeRange{type}, ValueRange{});
  constant.setValueAttr(DenseElementsAttr::get(type, Attribute(attribute)));
  return constant.getResult();
}

Value select(Arithmetic &m, Value condition, Value x, Value y) {
  Dims dims = *broadcastDims(*broadcastDims(dimsOf(condition), dimsOf(x)), dimsOf(y));
  return onnx::WhereOp::create(m.b, m.loc, tensorWithDims(dims, elementOf(x)), condition, x, y);
}

Value Ring::add(Arithmetic &m, Value x, Value y) const {
  if (!bits)
    return m.add(x, y);
  return element.isInteger(1) ? m.apply<onnx::XorOp>(x, y) : m.apply<onnx::BitwiseXorOp>(x, y);
}

Value Ring::mul(Arithmetic &m, Value x, Value y) const {
  if (!bits)
    return m.mul(x, y);
  return element.isInteger(1) ? m.apply<onnx::AndOp>(x, y) : m.apply<onnx::BitwiseAndOp>(x, y);
}

Coefficient Ring::add(Arithmetic &m, Coefficient x, Coefficient y) const {
  if (x.isZero())
    return y;
  if (y.isZero())
    return x;
  if (bits && x.isOne() && y.isOne())
    return Coefficient::Zero;
  return add(m, valueOf(m, x), valueOf(m, y));
}

Coefficient Ring::mul(Arithmetic &m, Coefficient x, Coefficient y) const {
  if (x.isZero() || y.isZero())
    return Coefficient::Zero;
  if (x.isOne())
    return y;
  if (y.isOne())
    return x;
  return mul(m, x.value, y.value);
}

Coefficient Ring::neg(Arithmetic &m, Coefficient x) const {
  if (x.isZero() || bits)
    return x;
  if (x.isOne())
    return scalarConstant(m, element, -1);
  if (isa<FloatType>(element))
    return Value(onnx::NegOp::create(m.b, m.loc, x.value.getType(), x.value));
  return m.sub(scalarConstant(m, element, 0), x.value);
}

Coefficient Ring::select(Arithmetic &m, Value condition, Coefficient x, Coefficient y) const {
  if (x.kind == y.kind && x.value == y.value)
    return x;
  return heddle::select(m, condition, valueOf(m, x), valueOf(m, y));
}

Value Ring::valueOf(Arithmetic &m, Coefficient x) const {
  if (x.kind == Coefficient::General)
    return x.value;
  return scalarConstant(m, element, x.isZero() ? 0 : bits ? -1 : 1);
}

Value viewedWith(Arithmetic &m, Value coefficient, const Dims &from, const Dims &to, Value sizes) {
  if (isSingle(coefficient))
    return m.viewedAs(coefficient, {});
  if (withoutLeadingOnes(from) == withoutLeadingOnes(to))
    return coefficient;
  return m.viewedAs(m.expandedTo(coefficient, from, sizes), to);
}

bool unifyShapes(Arithmetic &m, MutableArrayRef<Value> elements, unsigned kept, const Dims &state,
                 Value sizes) {
  Dims common;
  for (Value &element : elements) {
    if (dimsOf(element).size() > state.size())
      element = m.viewedAs(element, withoutLeadingOnes(dimsOf(element)));
    std::optional<Dims> dims = broadcastDims(common, dimsOf(element));
    if (!dims)
      return false;
    common = *dims;
  }
  if (common.size() > state.size() || broadcastDims(common, state) != state)
    return false;
  for (Value &element : elements.drop_front(kept))
    element = m.expandedTo(element, common, sizes);
  return true;
}

} // namespace heddle
