// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elements moved, viewed, joined and cut.

#include "compiler/kernels/Parameters.h"
#include "compiler/parallel/batching/BatchedOperation.h"

using namespace mlir;

namespace heddle {
namespace {

/// Reshape and its like: what they are told is in the type of the result.
LogicalResult batchView(BatchedOperation &x) { return x.finish(x.stacked(0u)); }

LogicalResult batchTranspose(BatchedOperation &x) {
  auto transpose = cast<onnx::TransposeOp>(x.op);
  SmallVector<int64_t> perm{0};
  if (auto given = transpose.getPerm())
    for (int64_t axis : *given)
      perm.push_back(axis + 1);
  else
    for (int64_t axis = dimsOf(transpose.getData()).size(); axis > 0; --axis)
      perm.push_back(axis);
  auto all = cast<onnx::TransposeOp>(x.clone(x.operand(0)));
  all.setPerm(perm);
  return x.finish(all);
}

LogicalResult batchExpand(BatchedOperation &x) {
  Dims result = dimsOf(x.op->getResult(0));
  Value aligned = x.isStacked(0u) ? x.aligned(x.op->getOperand(0), result.size()) : x.stacked(0u);
  if (!x.isStacked(0u)) { // what differs is the shape, which is known
    Dims dims = dimsOf(x.op->getOperand(0));
    dims.insert(dims.begin(), result.size() - dims.size(), DimExpr(1));
    aligned = x.m.viewedAs(aligned, x.all(dims));
  }
  return x.finish(x.m.expandedTo(aligned, x.all(result), aligned));
}

LogicalResult batchConcat(BatchedOperation &x) {
  SmallVector<Value> operands;
  for (Value operand : x.op->getOperands())
    operands.push_back(x.stacked(operand));
  auto all = cast<onnx::ConcatOp>(x.clone(operands));
  all.setAxis(shiftedAxis(all.getAxis()));
  return x.finish(all);
}

/// The axes that an operand names, or all of the first `count`, one further.
std::optional<SmallVector<int64_t>> shiftedAxes(Value axes, int64_t count) {
  SmallVector<int64_t> shifted = llvm::to_vector<6>(llvm::seq<int64_t>(0, count));
  if (axes) {
    auto given = constantIntegers(axes);
    if (!given)
      return std::nullopt;
    shifted = *given;
  }
  for (int64_t &axis : shifted)
    axis = shiftedAxis(axis);
  return shifted;
}

LogicalResult batchSlice(BatchedOperation &x) {
  auto slice = cast<onnx::SliceOp>(x.op);
  if (!x.isOnlyStacked(0))
    return x.refuse("cuts at places that differ between elements");
  std::optional<int64_t> count = dimsOf(slice.getStarts())[0].asConstant();
  auto axes = count ? shiftedAxes(slice.getAxes(), *count) : std::nullopt;
  if (!axes)
    return x.refuse("has axes that are only known at run time");
  Value axesOperand = x.m.integers(*axes);
  if (elementOf(slice.getStarts()) != x.m.b.getI64Type()) // both have the same type
    axesOperand = onnx::CastOp::create(
        x.m.b, x.m.loc, withElement(axesOperand.getType(), elementOf(slice.getStarts())),
        axesOperand, "up", /*saturate=*/1, /*to=*/6);
  return x.finish(
      onnx::SliceOp::create(x.m.b, x.m.loc, stackedType(slice.getOutput().getType(), x.length),
                            x.operand(slice.getData()), x.operand(slice.getStarts()),
                            x.operand(slice.getEnds()), axesOperand, x.operand(slice.getSteps()))
          .getOutput());
}

LogicalResult batchPad(BatchedOperation &x) {
  auto pad = cast<onnx::PadOp>(x.op);
  if (!x.isOnlyStacked(0))
    return x.refuse("pads by what differs between elements");
  auto axes = shiftedAxes(pad.getAxes(), dimsOf(pad.getData()).size());
  if (!axes)
    return x.refuse("has axes that are only known at run time");
  return x.finish(
      onnx::PadOp::create(x.m.b, x.m.loc, stackedType(pad.getOutput().getType(), x.length),
                          x.operand(pad.getData()), x.operand(pad.getPads()),
                          x.operand(pad.getConstantValue()), x.m.integers(*axes), pad.getMode())
          .getOutput());
}

/// The last two axes are those of the triangle.
LogicalResult batchTrilu(BatchedOperation &x) {
  if (!x.isOnlyStacked(0))
    return x.refuse("has a diagonal that differs between elements");
  SmallVector<Value> operands;
  for (Value operand : x.op->getOperands())
    operands.push_back(x.operand(operand));
  return x.finish(x.clone(operands));
}

} // namespace

void addMovementRules(BatchingRules &rules) {
  rules["onnx.Reshape"] = batchView;
  rules["onnx.Flatten"] = batchView;
  rules["onnx.Squeeze"] = batchView;
  rules["onnx.Unsqueeze"] = batchView;
  rules["onnx.Transpose"] = batchTranspose;
  rules["onnx.Expand"] = batchExpand;
  rules["onnx.Concat"] = batchConcat;
  rules["onnx.Slice"] = batchSlice;
  rules["onnx.Pad"] = batchPad;
  rules["onnx.Trilu"] = batchTrilu;
}

} // namespace heddle
