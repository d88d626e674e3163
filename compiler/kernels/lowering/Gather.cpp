// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators whose indices are data: Gather, GatherElements, GatherND, OneHot.

#include "compiler/kernels/lowering/Families.h"
#include "compiler/kernels/lowering/Support.h"

using namespace mlir;
using namespace heddle;

namespace {

/// An index that came from data, checked against the size of the axis it is for.
Value checkedIndex(KernelBuilder &b, Value element, const DimExpr &size) {
  IndexMath ix(b);
  return CheckedIndexOp::create(b, ix.fromElement(element), ix.value(size));
}

/// An element at a place of which some indices were checked. A failed check gives 0, which an empty
/// axis does not have.
Value elementChecked(KernelBuilder &b, Value tensor, ValueRange place, ArrayRef<DimExpr> sizes) {
  IndexMath ix(b);
  Value inside;
  for (const DimExpr &size : sizes)
    if (!size.isAtLeast(1))
      inside = ix.both(inside, ix.less(ix.value(0), ix.value(size)));
  if (!inside)
    return b.element(tensor, place);
  return b.elementOr(tensor, place, inside, ScalarMath(b).zero(elementTypeOf(tensor)));
}

LogicalResult lowerGather(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                          SmallVectorImpl<Value> &results) {
  auto gather = cast<onnx::GatherOp>(op);
  SmallVector<DimExpr> dims = b.dims(gather.getData());
  int64_t axis = positiveAxis(gather.getAxis(), dims.size());
  int64_t indexRank = rankOf(gather.getIndices());
  results.push_back(b.generate(b.dims(gather.getOutput()),
                               signlessType(elementTypeOf(gather.getOutput())), [&](ValueRange at) {
                                 Value index = b.element(operands[1], at.slice(axis, indexRank));
                                 SmallVector<Value> place(at.take_front(axis));
                                 place.push_back(checkedIndex(b, index, dims[axis]));
                                 llvm::append_range(place, at.drop_front(axis + indexRank));
                                 return elementChecked(b, operands[0], place, dims[axis]);
                               }));
  return success();
}

LogicalResult lowerGatherElements(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                                  SmallVectorImpl<Value> &results) {
  auto gather = cast<onnx::GatherElementsOp>(op);
  SmallVector<DimExpr> dims = b.dims(gather.getData());
  int64_t axis = positiveAxis(gather.getAxis(), dims.size());
  for (auto [other, size] : llvm::enumerate(b.dims(gather.getIndices())))
    if (static_cast<int64_t>(other) != axis)
      b.require(dims[other] - size, 0);
  results.push_back(
      b.generate(b.dims(gather.getOutput()), signlessType(elementTypeOf(gather.getOutput())),
                 [&](ValueRange at) {
                   Value index = checkedIndex(b, b.element(operands[1], at), dims[axis]);
                   return elementChecked(b, operands[0], replaceIndex(at, axis, index), dims[axis]);
                 }));
  return success();
}

/// The last axis of the indices must be static: it says how many axes they index.
std::optional<AccessPattern> gatherNdPattern(Operation *op) {
  if (!isComputable(op))
    return std::nullopt;
  Dims dims = getDims(cast<RankedTensorType>(op->getOperand(1).getType()));
  return dims.empty() || !dims.back().asConstant() ? std::nullopt
                                                   : std::optional(AccessPattern::Irregular);
}

LogicalResult lowerGatherNd(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                            SmallVectorImpl<Value> &results) {
  auto gather = cast<onnx::GatherNDOp>(op);
  SmallVector<DimExpr> dims = b.dims(gather.getData()), indexDims = b.dims(gather.getIndices());
  int64_t batch = gather.getBatchDims(), depth = *indexDims.back().asConstant();
  unsigned tuples = indexDims.size() - 1;
  for (int64_t i = 0; i < batch; ++i)
    b.requireEqual(indexDims[i], dims[i]);
  results.push_back(b.generate(
      b.dims(gather.getOutput()), signlessType(elementTypeOf(gather.getOutput())),
      [&](ValueRange at) {
        SmallVector<Value> place(at.take_front(batch));
        SmallVector<Value> indexPlace(at.take_front(tuples));
        for (int64_t i = 0; i < depth; ++i) {
          indexPlace.push_back(b.index(i));
          place.push_back(checkedIndex(b, b.element(operands[1], indexPlace), dims[batch + i]));
          indexPlace.pop_back();
        }
        llvm::append_range(place, at.drop_front(tuples));
        return elementChecked(b, operands[0], place, ArrayRef<DimExpr>(dims).slice(batch, depth));
      }));
  return success();
}

/// Indices outside of [-depth, depth) give rows of the "off" value; they are no error.
LogicalResult lowerOneHot(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                          SmallVectorImpl<Value> &results) {
  auto oneHot = cast<onnx::OneHotOp>(op);
  SmallVector<DimExpr> dims = b.dims(oneHot.getOutput());
  int64_t axis = positiveAxis(oneHot.getAxis(), dims.size());
  Value indices = operands[0], values = operands[2];
  b.requireEqual(b.dims(oneHot.getValues())[0], 2);
  Signedness signedness = signednessOf(elementTypeOf(oneHot.getIndices()));
  IndexMath ix(b);
  results.push_back(
      b.generate(dims, signlessType(elementTypeOf(oneHot.getOutput())), [&](ValueRange at) {
        SmallVector<Value> place(at.take_front(axis));
        llvm::append_range(place, at.drop_front(axis + 1));
        Value hot = ix.fromElement(b.element(indices, place), signedness);
        hot = ix.select(ix.less(hot, ix.value(0)), ix.add(hot, dims[axis]), hot);
        Value off = b.element(values, b.index(0)), on = b.element(values, b.index(1));
        return ix.select(ix.equal(hot, at[axis]), on, off);
      }));
  return success();
}

} // namespace

void heddle::addGatherLowerings(StructuredLoweringTable &table) {
  constexpr auto irregular = whereComputable<AccessPattern::Irregular>;
  static constexpr unsigned depth[] = {1};
  addLowering(table, "Gather", {irregular, lowerGather});
  addLowering(table, "GatherElements", {irregular, lowerGatherElements});
  addLowering(table, "GatherND", {gatherNdPattern, lowerGatherNd});
  addLowering(table, "OneHot", {irregular, lowerOneHot, depth});
}
