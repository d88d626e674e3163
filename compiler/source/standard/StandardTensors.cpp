// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tensor: elements and slices read and written by index, tensors made of numbers.

#include "compiler/source/standard/StandardTranslator.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace heddle {

static SmallVector<int64_t> shapeOf(Value value) {
  return llvm::to_vector(cast<RankedTensorType>(value.getType()).getShape());
}
static RankedTensorType withShape(Value value, ArrayRef<int64_t> shape) {
  return RankedTensorType::get(shape, getElementTypeOrSelf(value.getType()));
}

Value StandardTranslator::reshaped(Value value, ArrayRef<int64_t> shape) {
  return emit("Reshape", {value, integers(shape)}, withShape(value, shape));
}

Value StandardTranslator::joined(ArrayRef<Value> numbers) {
  SmallVector<Value> rows;
  for (Value value : numbers)
    rows.push_back(reshaped(value, {1}));
  return rows.size() == 1
             ? rows.front()
             : emit("Concat", rows, withShape(rows.front(), static_cast<int64_t>(rows.size())),
                    {number("axis", 0)});
}

/// With an index of no dimensions the axis goes.
Value StandardTranslator::gathered(Value data, Value index, int64_t axis) {
  SmallVector<int64_t> shape = shapeOf(data);
  if (shapeOf(index).empty())
    shape.erase(shape.begin() + axis);
  else
    shape[axis] = 1;
  return emit("Gather", {data, index}, withShape(data, shape), {number("axis", axis)});
}

/// How many loops stand around what defines the value. Reading first by the index of the innermost
/// loop reads of a tensor from outside of it, which is then an input of that loop.
static unsigned depthOf(Value value) {
  unsigned depth = 0;
  for (Operation *op = value.getParentBlock()->getParentOp(); op; op = op->getParentOp())
    ++depth;
  return depth;
}

Value StandardTranslator::extractSlice(tensor::ExtractSliceOp op) {
  llvm::SmallBitVector dropped = op.getDroppedDims();
  Value data = of(op.getSource());
  SmallVector<int64_t> source = shapeOf(data);
  struct Part {
    int64_t axis;
    Value offset;
    OpFoldResult size;
    unsigned depth;
  };
  SmallVector<Part> parts;
  for (auto [axis, offset, size, stride] :
       llvm::enumerate(op.getMixedOffsets(), op.getMixedSizes(), op.getMixedStrides())) {
    if (!isConstantIntValue(stride, 1))
      return {};
    bool whole = isConstantIntValue(offset, 0) && !ShapedType::isDynamic(source[axis]) &&
                 isConstantIntValue(size, source[axis]);
    if (whole && !dropped.test(axis))
      continue;
    Value start = of(offset);
    parts.push_back({static_cast<int64_t>(axis), start, size, depthOf(start)});
  }
  llvm::sort(parts, [](const Part &x, const Part &y) {
    return std::pair(y.depth, x.axis) < std::pair(x.depth, y.axis);
  });
  llvm::SmallBitVector gone(source.size());
  for (const Part &part : parts) {
    int64_t axis = part.axis;
    for (unsigned before : gone.set_bits())
      axis -= before < static_cast<unsigned>(part.axis);
    if (isConstantIntValue(part.size, 1)) {
      bool drops = dropped.test(part.axis);
      data = gathered(data, drops ? part.offset : joined(part.offset), axis);
      if (drops)
        gone.set(part.axis);
      continue;
    }
    SmallVector<int64_t> shape = shapeOf(data);
    shape[axis] = getConstantIntValue(part.size).value_or(ShapedType::kDynamic);
    Value end = emit("Add", {part.offset, of(part.size)}, part.offset.getType());
    data = onnx::SliceOp::create(b, loc, withShape(data, shape), data, joined(part.offset),
                                 joined(end), integers({axis}), Value());
  }
  return data;
}

/// Of one row along axis 0.
Value StandardTranslator::insertSlice(tensor::InsertSliceOp op) {
  Value data = of(op.getDest()), rows = of(op.getSource());
  SmallVector<int64_t> shape = shapeOf(data);
  SmallVector<OpFoldResult> offsets = op.getMixedOffsets(), sizes = op.getMixedSizes();
  for (auto [axis, offset, size, stride] : llvm::enumerate(offsets, sizes, op.getMixedStrides())) {
    bool fits = axis == 0 ? isConstantIntValue(size, 1)
                          : isConstantIntValue(offset, 0) && !ShapedType::isDynamic(shape[axis]) &&
                                isConstantIntValue(size, shape[axis]);
    if (!isConstantIntValue(stride, 1) || !fits)
      return {};
  }
  shape[0] = 1;
  if (shapeOf(rows) != shape)
    rows = reshaped(rows, shape);
  return emit("ScatterND", {data, reshaped(of(offsets[0]), {1, 1}), rows}, data.getType());
}

std::optional<Value> StandardTranslator::tensorAccess(Operation *op) {
  auto found = [](Value value) { return value ? std::optional(value) : std::nullopt; };
  auto index = RankedTensorType::get({}, b.getI64Type());
  auto sizes = [&](ArrayRef<OpFoldResult> mixed) {
    return joined(llvm::map_to_vector(mixed, [&](OpFoldResult size) { return of(size); }));
  };
  if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
    Value data = of(extract.getTensor());
    SmallVector<std::pair<int64_t, Value>> open;
    for (auto [axis, value] : llvm::enumerate(extract.getIndices()))
      open.push_back({static_cast<int64_t>(axis), of(value)});
    llvm::sort(open, [](auto &x, auto &y) {
      return std::pair(depthOf(y.second), x.first) < std::pair(depthOf(x.second), y.first);
    });
    for (auto [i, next] : llvm::enumerate(open)) {
      data = gathered(data, next.second, next.first);
      for (auto &later : MutableArrayRef(open).drop_front(i + 1))
        later.first -= later.first > next.first;
    }
    return data;
  }
  if (auto insert = dyn_cast<tensor::InsertOp>(op)) {
    Value data = of(insert.getDest());
    int64_t rank = insert.getIndices().size();
    if (rank == 0)
      return of(insert.getScalar());
    Value place = reshaped(joined(of(insert.getIndices())), {1, rank});
    return emit("ScatterND", {data, place, reshaped(of(insert.getScalar()), {1})}, data.getType());
  }
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    return found(extractSlice(slice));
  if (auto slice = dyn_cast<tensor::InsertSliceOp>(op))
    return found(insertSlice(slice));
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    Value source = of(dim.getSource());
    int64_t rank = shapeOf(source).size();
    Value shape = emit("Shape", source, RankedTensorType::get(rank, b.getI64Type()));
    return emit("Gather", {shape, of(dim.getIndex())}, index);
  }
  if (auto empty = dyn_cast<tensor::EmptyOp>(op)) {
    Type element = empty.getType().getElementType();
    auto one = RankedTensorType::get(1, element);
    if (!element.isIntOrFloat() || empty.getType().getRank() == 0)
      return std::nullopt;
    return emit("ConstantOfShape", sizes(empty.getMixedSizes()), empty.getType(),
                {b.getNamedAttr("value", DenseElementsAttr::get(one, b.getZeroAttr(element)))});
  }
  if (auto fill = dyn_cast<linalg::FillOp>(op); fill && op->getNumResults() == 1) {
    Value like = of(fill.getOutputs()[0]);
    int64_t rank = shapeOf(like).size();
    Value shape = emit("Shape", like, RankedTensorType::get(rank, b.getI64Type()));
    return emit("Expand", {of(fill.getInputs()[0]), shape}, like.getType());
  }
  if (auto splat = dyn_cast<tensor::SplatOp>(op); splat && splat.getType().hasStaticShape())
    return emit("Expand", {of(splat.getInput()), integers(splat.getType().getShape())},
                splat.getType());
  if (auto elements = dyn_cast<tensor::FromElementsOp>(op))
    return reshaped(joined(of(elements.getElements())), elements.getType().getShape());
  if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
    if (auto type = cast<RankedTensorType>(op->getResult(0).getType()); type.hasStaticShape())
      return reshaped(of(op->getOperand(0)), type.getShape());
  if (isa<tensor::CastOp>(op) && isa<RankedTensorType>(op->getResult(0).getType()))
    return of(op->getOperand(0));
  return std::nullopt;
}

} // namespace heddle
