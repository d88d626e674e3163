// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/source/Arithmetic.h"

using namespace mlir;

namespace heddle {

bool isSingle(Value value) { return countElements(dimsOf(value)).isConstant(1); }

RankedTensorType withElement(Type tensor, Type element) {
  auto type = cast<RankedTensorType>(tensor);
  return RankedTensorType::get(type.getShape(), element, type.getEncoding());
}

RankedTensorType Arithmetic::broadcastType(Value x, Value y) {
  Dims dims = dimsOf(x), other = dimsOf(y);
  if (dims.size() < other.size())
    std::swap(dims, other);
  for (auto [dim, same] : llvm::zip(llvm::reverse(dims), llvm::reverse(other)))
    if (dim.isConstant(1))
      dim = same;
  return tensorWithDims(dims, elementOf(x));
}

Value Arithmetic::constant(DenseElementsAttr contents) {
  auto constant = onnx::ConstantOp::create(b, loc, TypeRange{contents.getType()}, ValueRange{});
  constant.setValueAttr(contents);
  return constant.getResult();
}

Value Arithmetic::number(double value) {
  auto type = RankedTensorType::get({}, b.getF32Type());
  return constant(DenseElementsAttr::get(type, static_cast<float>(value)));
}

Value Arithmetic::numbers(ArrayRef<float> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())}, b.getF32Type());
  return constant(DenseElementsAttr::get(type, values));
}

Value Arithmetic::integers(ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())}, b.getI64Type());
  return constant(DenseElementsAttr::get(type, values));
}

Value Arithmetic::toF32(Value value) {
  if (elementOf(value).isF32())
    return value;
  return onnx::CastOp::create(b, loc, withElement(value.getType(), b.getF32Type()), value, "up",
                              /*saturate=*/1, /*to=*/1);
}

Value Arithmetic::viewed(Value value, ArrayRef<int64_t> shape) {
  auto from = cast<RankedTensorType>(value.getType());
  if (from.getShape() == shape)
    return value;
  return onnx::ReshapeOp::create(b, loc, RankedTensorType::get(shape, from.getElementType()), value,
                                 integers(shape), /*allowzero=*/0);
}

Value Arithmetic::shape(const Dims &dims, Value sizes) {
  SmallVector<int64_t> known;
  SmallVector<std::string> texts;
  for (const DimExpr &dim : dims) {
    if (std::optional<int64_t> size = dim.asConstant())
      known.push_back(*size);
    texts.push_back(dim.str());
  }
  if (known.size() == dims.size())
    return integers(known);
  SmallVector<StringRef> exprs(texts.begin(), texts.end());
  auto type = RankedTensorType::get({static_cast<int64_t>(dims.size())}, b.getI64Type());
  return IndexTensorOp::create(b, loc, type, b.getStrArrayAttr(exprs), ValueRange{sizes})
      .getValue();
}

Value Arithmetic::viewedAs(Value value, const Dims &dims) {
  if (dimsOf(value) == dims)
    return value;
  if (auto view = value.getDefiningOp<onnx::ReshapeOp>(); view && dimsOf(view.getData()) == dims)
    return view.getData();
  // Zero is a size here. The shape stays after what defines the symbols: the value has them.
  return onnx::ReshapeOp::create(b, loc, tensorWithDims(dims, elementOf(value)), value,
                                 shape(dims, value), /*allowzero=*/1);
}

Value Arithmetic::expandedTo(Value value, const Dims &dims, Value sizes) {
  if (dimsOf(value) == dims)
    return value;
  return onnx::ExpandOp::create(b, loc, tensorWithDims(dims, elementOf(value)), value,
                                shape(dims, sizes));
}

Value Arithmetic::quantized(Value x, Value scale, Value zeroPoint) {
  return onnx::QuantizeLinearOp::create(b, loc, withElement(x.getType(), elementOf(zeroPoint)), x,
                                        scale, zeroPoint, /*axis=*/1, /*block_size=*/0,
                                        /*output_dtype=*/0, /*precision=*/0, /*saturate=*/1);
}

} // namespace heddle
