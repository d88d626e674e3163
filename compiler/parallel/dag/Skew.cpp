// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/dag/Skew.h"

using namespace mlir;

namespace heddle {

Skew::Skew(OpBuilder b, Location loc, DimExpr height, DimExpr width, Value sizes)
    : m(b, loc), height(height), width(width), sizes(sizes) {
  bool isEmpty = !height.isAtLeast(1) || !width.isAtLeast(1);
  length = height + width - (isEmpty ? 0 : 1);
}

/// The type with other leading dimensions in place of the first `count`.
static RankedTensorType withLeading(Value value, unsigned count, ArrayRef<DimExpr> leading) {
  Dims dims(leading);
  llvm::append_range(dims, ArrayRef(dimsOf(value)).drop_front(count));
  return tensorWithDims(dims, elementOf(value));
}

Value Skew::padded(Value value, int64_t axis, const DimExpr &count) {
  Dims dims = dimsOf(value);
  if (count == DimExpr(0))
    return value;
  Dims pads(dims.size() * 2, DimExpr(0));
  pads[dims.size() + axis] = count;
  dims[axis] = dims[axis] + count;
  return onnx::PadOp::create(m.b, m.loc, tensorWithDims(dims, elementOf(value)), value,
                             m.shape(pads, sizes), Value(), Value());
}

Value Skew::skewed(Value grid) {
  Value rows = padded(grid, 1, length + 1 - width);
  auto flat = [&](DimExpr count) { return getDims(withLeading(rows, 2, count)); };
  Value line = m.viewedAs(rows, flat(height * (length + 1)));
  line = m.sliced(line, 0, 0, height * length, sizes);
  return m.exchanged(m.viewedAs(line, getDims(withLeading(rows, 2, {height, length}))), 0, 1);
}

Value Skew::straightened(Value skewed) {
  Value rows = m.exchanged(skewed, 0, 1);
  Value line = m.viewedAs(rows, getDims(withLeading(rows, 2, height * length)));
  line = padded(line, 0, height);
  rows = m.viewedAs(line, getDims(withLeading(rows, 2, {height, length + 1})));
  return m.sliced(rows, 1, 0, width, sizes);
}

Value splat(OpBuilder &b, Location loc, const Dims &dims, TypedAttr element, Value sizes) {
  auto type = RankedTensorType::get({}, element.getType());
  auto one = onnx::ConstantOp::create(b, loc, TypeRange{type}, ValueRange{});
  one.setValueAttr(DenseElementsAttr::get(type, element));
  return Arithmetic(b, loc).expandedTo(one.getResult(), dims, sizes);
}

Value zeros(OpBuilder &b, Location loc, const Dims &dims, Type elementType, Value sizes) {
  return splat(b, loc, dims, b.getZeroAttr(elementType), sizes);
}

Value Skew::inside() {
  return skewed(splat(m.b, m.loc, {height, width}, m.b.getBoolAttr(true), sizes));
}

Value Skew::entering(Value columns) { return padded(columns, 0, length - width); }

Value Skew::leaving(Value lastRow) {
  DimExpr begin = DimExpr::max(height - 1, 0);
  return m.sliced(lastRow, 0, begin, begin + width, sizes);
}

} // namespace heddle
