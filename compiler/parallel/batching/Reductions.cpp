// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations over axes of an element: the same over axes that stand one further.

#include "compiler/kernels/Parameters.h"
#include "compiler/parallel/batching/BatchedOperation.h"

using namespace mlir;

namespace heddle {
namespace {

template <typename Op> LogicalResult batchReduction(BatchedOperation &x) {
  auto reduction = cast<Op>(x.op);
  int64_t rank = dimsOf(reduction.getData()).size();
  auto axes = constantIntegers(reduction.getAxes());
  if (!x.isOnlyStacked(0) || (reduction.getAxes() && !axes))
    return x.refuse("has axes that are only known at run time");
  if (!axes || axes->empty()) {
    if (reduction.getNoopWithEmptyAxes())
      return x.refuse("reduces no axis");
    axes = llvm::to_vector<6>(llvm::seq<int64_t>(0, rank));
  }
  for (int64_t &axis : *axes)
    axis = shiftedAxis(axis);
  Value data = x.operand(0);
  if (rank == 0) { // an axis to reduce
    data = x.m.viewedAs(data, Dims{x.length, 1});
    axes->push_back(1);
  }
  auto all = cast<Op>(x.clone(ValueRange{data, x.m.integers(*axes)}));
  if (rank == 0)
    all.setKeepdims(0);
  return x.finish(all);
}

/// An attribute names the axis; the first operand has the elements, and the others do not differ.
template <typename Op> LogicalResult batchAlongAxis(BatchedOperation &x) {
  if (!x.isOnlyStacked(0))
    return x.refuse("has more than its first operand differ between elements");
  if (dimsOf(x.op->getOperand(0)).empty())
    return x.refuse("works along the axis of a scalar");
  SmallVector<Value> operands;
  for (Value operand : x.op->getOperands())
    operands.push_back(x.operand(operand));
  auto all = cast<Op>(x.clone(operands));
  all.setAxis(shiftedAxis(all.getAxis()));
  return x.finish(all);
}

LogicalResult batchCumSum(BatchedOperation &x) {
  auto sum = cast<onnx::CumSumOp>(x.op);
  auto axis = constantIntegers(sum.getAxis());
  if (!x.isOnlyStacked(0) || !axis || axis->size() != 1)
    return x.refuse("has an axis that is only known at run time");
  Value shifted = x.m.viewed(x.m.integers({shiftedAxis(axis->front())}), {});
  return x.finish(x.clone(ValueRange{x.operand(0), shifted}));
}

} // namespace

void addReductionRules(BatchingRules &rules) {
  rules["onnx.ReduceL1"] = batchReduction<onnx::ReduceL1Op>;
  rules["onnx.ReduceL2"] = batchReduction<onnx::ReduceL2Op>;
  rules["onnx.ReduceLogSum"] = batchReduction<onnx::ReduceLogSumOp>;
  rules["onnx.ReduceLogSumExp"] = batchReduction<onnx::ReduceLogSumExpOp>;
  rules["onnx.ReduceMax"] = batchReduction<onnx::ReduceMaxOp>;
  rules["onnx.ReduceMean"] = batchReduction<onnx::ReduceMeanOp>;
  rules["onnx.ReduceMin"] = batchReduction<onnx::ReduceMinOp>;
  rules["onnx.ReduceProd"] = batchReduction<onnx::ReduceProdOp>;
  rules["onnx.ReduceSum"] = batchReduction<onnx::ReduceSumOp>;
  rules["onnx.ReduceSumSquare"] = batchReduction<onnx::ReduceSumSquareOp>;
  rules["onnx.ArgMax"] = batchAlongAxis<onnx::ArgMaxOp>;
  rules["onnx.ArgMin"] = batchAlongAxis<onnx::ArgMinOp>;
  rules["onnx.Hardmax"] = batchAlongAxis<onnx::HardmaxOp>;
  rules["onnx.LayerNormalization"] = batchAlongAxis<onnx::LayerNormalizationOp>;
  rules["onnx.LogSoftmax"] = batchAlongAxis<onnx::LogSoftmaxOp>;
  rules["onnx.LpNormalization"] = batchAlongAxis<onnx::LpNormalizationOp>;
  rules["onnx.RMSNormalization"] = batchAlongAxis<onnx::RMSNormalizationOp>;
  rules["onnx.Softmax"] = batchAlongAxis<onnx::SoftmaxOp>;
  rules["onnx.Split"] = batchAlongAxis<onnx::SplitOp>;
  rules["onnx.TopK"] = batchAlongAxis<onnx::TopKOp>;
  rules["onnx.CumSum"] = batchCumSum;
}

} // namespace heddle
