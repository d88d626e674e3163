// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors made from sizes, numbers and positions alone: ConstantOfShape, Range, Shape, EyeLike.

#include "compiler/kernels/lowering/Families.h"
#include "compiler/kernels/lowering/Support.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace heddle;

namespace {

/// A constant with the one element that all of `contents` have.
Value splatConstant(KernelBuilder &b, DenseElementsAttr contents) {
  Type type = signlessType(contents.getElementType());
  if (auto floating = dyn_cast<FloatType>(type))
    return arith::ConstantOp::create(b,
                                     FloatAttr::get(floating, contents.getSplatValue<APFloat>()));
  return arith::ConstantOp::create(b, IntegerAttr::get(type, contents.getSplatValue<APInt>()));
}

DenseElementsAttr asSplat(std::optional<ElementsAttr> contents) {
  auto dense = contents ? dyn_cast<DenseElementsAttr>(*contents) : DenseElementsAttr();
  return dense && dense.isSplat() ? dense : DenseElementsAttr();
}

Value filledLike(KernelBuilder &b, Value result, function_ref<Value()> element) {
  return b.generate(b.dims(result), signlessType(elementTypeOf(result)),
                    [&](ValueRange) { return element(); });
}

std::optional<AccessPattern> constantOfShapePattern(Operation *op) {
  auto value = cast<onnx::ConstantOfShapeOp>(op).getValue();
  if (!isComputable(op) || (value && !asSplat(value)))
    return std::nullopt;
  return AccessPattern::Elementwise;
}

LogicalResult lowerConstantOfShape(KernelBuilder &b, Operation *op, ArrayRef<Value>,
                                   SmallVectorImpl<Value> &results) {
  DenseElementsAttr contents = asSplat(cast<onnx::ConstantOfShapeOp>(op).getValue());
  Type type = signlessType(elementTypeOf(op->getResult(0)));
  results.push_back(filledLike(b, op->getResult(0), [&] {
    return contents ? splatConstant(b, contents) : ScalarMath(b).zero(type);
  }));
  return success();
}

/// start + i * delta. Floats are computed in f32 at least.
LogicalResult lowerRange(KernelBuilder &b, Operation *op, ArrayRef<Value>,
                         SmallVectorImpl<Value> &results) {
  auto range = cast<onnx::RangeOp>(op);
  Type type = signlessType(elementTypeOf(range.getOutput()));
  Type compute = ScalarMath::computeType(type);
  IndexMath ix(b);
  ScalarMath m(b);
  results.push_back(b.generate(b.dims(range.getOutput()), type, [&](ValueRange at) {
    if (isa<IntegerType>(type)) {
      auto start = knownIntegers(range.getStart()), delta = knownIntegers(range.getDelta());
      return ix.toElement(ix.add(ix.mul(at[0], delta->front()), start->front()), type);
    }
    double start = knownFloats(range.getStart())->front();
    double delta = knownFloats(range.getDelta())->front();
    Value step = m.mul(ix.toElement(at[0], compute), m.constant(compute, delta));
    return m.narrow(m.add(m.constant(compute, start), step), type);
  }));
  return success();
}

/// A 1-D tensor of sizes. The operand itself is not read.
LogicalResult lowerShape(KernelBuilder &b, Operation *op, ArrayRef<Value>,
                         SmallVectorImpl<Value> &results) {
  auto shape = cast<onnx::ShapeOp>(op);
  SmallVector<DimExpr> dims = b.dims(shape.getData());
  int64_t rank = dims.size();
  int64_t start = std::clamp<int64_t>(positiveAxis(shape.getStart(), rank), 0, rank);
  IndexMath ix(b);
  results.push_back(b.generate(b.dims(shape.getShape()), b.getI64Type(), [&](ValueRange at) {
    Value size = b.index(0);
    for (int64_t axis = start; axis < rank; ++axis)
      size = ix.select(ix.equal(at[0], ix.value(axis - start)), ix.value(dims[axis]), size);
    return ix.toElement(size, b.getI64Type());
  }));
  return success();
}

/// Sizes of any tensor, whatever its elements are.
std::optional<AccessPattern> shapePattern(Operation *op) {
  if (!hasKnownDims(op->getOperand(0).getType()) || !isComputable(op->getResult(0).getType()))
    return std::nullopt;
  return AccessPattern::Irregular;
}

LogicalResult lowerSize(KernelBuilder &b, Operation *op, ArrayRef<Value>,
                        SmallVectorImpl<Value> &results) {
  IndexMath ix(b);
  DimExpr count = countElements(b.dims(op->getOperand(0)));
  results.push_back(filledLike(b, op->getResult(0),
                               [&] { return ix.toElement(ix.value(count), b.getI64Type()); }));
  return success();
}

LogicalResult lowerEyeLike(KernelBuilder &b, Operation *op, ArrayRef<Value>,
                           SmallVectorImpl<Value> &results) {
  Value result = op->getResult(0);
  Type type = signlessType(elementTypeOf(result));
  int64_t diagonal = cast<onnx::EyeLikeOp>(op).getK();
  IndexMath ix(b);
  ScalarMath m(b);
  results.push_back(b.generate(b.dims(result), type, [&](ValueRange at) {
    Value isOne = ix.equal(at[1], ix.add(at[0], diagonal));
    return ix.select(isOne, m.one(type), m.zero(type));
  }));
  return success();
}

} // namespace

void heddle::addFillLowerings(StructuredLoweringTable &table) {
  static constexpr unsigned shape[] = {0}, rangeParameters[] = {0, 1, 2};
  constexpr auto irregular = whereComputable<AccessPattern::Irregular>;
  addLowering(table, "ConstantOfShape", {constantOfShapePattern, lowerConstantOfShape, shape});
  addLowering(table, "Range", {irregular, lowerRange, rangeParameters});
  addLowering(table, "Shape", {shapePattern, lowerShape});
  addLowering(table, "Size", {shapePattern, lowerSize});
  addLowering(table, "EyeLike", {irregular, lowerEyeLike});
}
