// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elements picked by indices. Where data and indices both differ, axis 0 is a batch axis of GatherND.
// ScatterND has no such axes: there the element's number goes before its tuples of indices.

#include "compiler/parallel/batching/BatchedOperation.h"

using namespace mlir;

namespace heddle {
namespace {

/// The axes 0 to rank - 1 with some neighbours moved elsewhere: result i is axis perm[i].
SmallVector<int64_t> moving(int64_t rank, int64_t from, int64_t count, int64_t to) {
  SmallVector<int64_t> perm, moved;
  for (int64_t axis = 0; axis < rank; ++axis)
    (axis >= from && axis < from + count ? moved : perm).push_back(axis);
  perm.insert(perm.begin() + to, moved.begin(), moved.end());
  return perm;
}

Value gatherBoth(BatchedOperation &x, onnx::GatherOp gather, int64_t axis) {
  Dims data = dimsOf(gather.getData()), places = dimsOf(gather.getIndices());
  // The axis directly behind the batch axis; indices as tuples of one.
  Value moved = x.m.moved(x.operand(0), axis + 1, 1);
  Value indices = x.operand(1);
  if (elementOf(indices) != x.m.b.getI64Type())
    indices =
        onnx::CastOp::create(x.m.b, x.m.loc, withElement(indices.getType(), x.m.b.getI64Type()),
                             indices, "up", /*saturate=*/1, /*to=*/7);
  Dims tuples = x.all(places);
  tuples.push_back(1);
  Dims dims = x.all(places);
  for (auto [i, dim] : llvm::enumerate(data))
    if (static_cast<int64_t>(i) != axis)
      dims.push_back(dim);
  Value picked =
      onnx::GatherNDOp::create(x.m.b, x.m.loc, tensorWithDims(dims, elementOf(gather.getData())),
                               moved, x.m.viewedAs(indices, tuples), /*batch_dims=*/1);
  // What stood before the axis goes before the indices again.
  return x.m.transposed(picked, moving(dims.size(), places.size() + 1, axis, 1));
}

LogicalResult batchGather(BatchedOperation &x) {
  auto gather = cast<onnx::GatherOp>(x.op);
  int64_t rank = dimsOf(gather.getData()).size();
  int64_t axis = gather.getAxis();
  axis += axis < 0 ? rank : 0;
  if (x.isStacked(0u) && x.isStacked(1))
    return x.finish(gatherBoth(x, gather, axis));
  auto all = cast<onnx::GatherOp>(x.clone(ValueRange{x.operand(0), x.operand(1)}));
  if (x.isStacked(0u)) {
    all.setAxis(axis + 1);
    return x.finish(all);
  }
  // Axis 0 stands where the indices do.
  all.setAxis(axis);
  Dims dims = dimsOf(gather.getOutput());
  dims.insert(dims.begin() + axis, x.length);
  all.getOutput().setType(tensorWithDims(dims, elementOf(gather.getOutput())));
  return x.finish(x.m.moved(all.getOutput(), axis, 0));
}

/// All operands have the same axes.
template <typename Op> LogicalResult batchElements(BatchedOperation &x) {
  SmallVector<Value> operands;
  for (Value operand : x.op->getOperands())
    operands.push_back(x.stacked(operand));
  auto all = cast<Op>(x.clone(operands));
  all.setAxis(shiftedAxis(all.getAxis()));
  return x.finish(all);
}

LogicalResult batchGatherND(BatchedOperation &x) {
  auto gather = cast<onnx::GatherNDOp>(x.op);
  if (!x.isStacked(0u) && gather.getBatchDims() == 0)
    return x.finish(x.clone(ValueRange{x.operand(0), x.operand(1)}));
  auto all = cast<onnx::GatherNDOp>(x.clone(ValueRange{x.stacked(0u), x.stacked(1)}));
  all.setBatchDims(gather.getBatchDims() + 1);
  return x.finish(all);
}

/// 0, 1, 2, ... for the elements.
Value numbers(BatchedOperation &x, Value withLength) {
  Type i64 = x.m.b.getI64Type();
  auto scalar = [&](const DimExpr &expr) -> Value {
    return IndexTensorOp::create(x.m.b, x.m.loc, RankedTensorType::get({}, i64),
                                 x.m.b.getStrArrayAttr({expr.str()}), ValueRange{withLength})
        .getValue();
  };
  return onnx::RangeOp::create(x.m.b, x.m.loc, tensorWithDims({x.length}, i64), scalar(0),
                               scalar(x.length), scalar(1), /*stash_type=*/1);
}

LogicalResult batchScatterND(BatchedOperation &x) {
  Value data = x.stacked(0u), indices = x.stacked(1), updates = x.stacked(2);
  Dims tuples = dimsOf(indices);
  tuples.back() = DimExpr(1);
  Dims single(tuples.size(), DimExpr(1));
  single.front() = x.length;
  Value element = x.m.expandedTo(x.m.viewedAs(numbers(x, indices), single), tuples, indices);
  Value places = x.m.joined(ValueRange{element, indices}, tuples.size() - 1);
  return x.finish(x.clone(ValueRange{data, places, updates}));
}

LogicalResult batchOneHot(BatchedOperation &x) {
  auto oneHot = cast<onnx::OneHotOp>(x.op);
  if (!x.isOnlyStacked(0))
    return x.refuse("has a depth or values that differ between elements");
  auto all = cast<onnx::OneHotOp>(x.clone(ValueRange{x.operand(0), x.operand(1), x.operand(2)}));
  all.setAxis(shiftedAxis(oneHot.getAxis()));
  return x.finish(all);
}

} // namespace

void addIndexingRules(BatchingRules &rules) {
  rules["onnx.Gather"] = batchGather;
  rules["onnx.GatherElements"] = batchElements<onnx::GatherElementsOp>;
  rules["onnx.ScatterElements"] = batchElements<onnx::ScatterElementsOp>;
  rules["onnx.GatherND"] = batchGatherND;
  rules["onnx.ScatterND"] = batchScatterND;
  rules["onnx.OneHot"] = batchOneHot;
}

} // namespace heddle
