// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations that have a batch axis already: all elements are one larger batch.

#include "compiler/parallel/batching/BatchedOperation.h"

using namespace mlir;

namespace heddle {
namespace {

/// The first operand and the first result have the batch as their axis 0; the others, weights, do
/// not differ between elements.
LogicalResult batchFolded(BatchedOperation &x) {
  if (!x.isOnlyStacked(0))
    return x.refuse("has more than its first operand differ between elements");
  // Statistics of a batch would become those of all batches; indices of MaxPool count over one.
  if (auto norm = dyn_cast<onnx::BatchNormalizationOp>(x.op); norm && norm.getTrainingMode())
    return x.refuse("computes statistics of its batch");
  for (Value result : llvm::drop_begin(x.op->getResults()))
    if (!result.use_empty())
      return x.refuse("has a second result");
  SmallVector<Value> operands{x.foldedOperand(0)};
  for (Value operand : llvm::drop_begin(x.op->getOperands()))
    operands.push_back(x.operand(operand));
  Operation *all = x.clone(operands);
  for (auto [result, element] : llvm::zip(all->getResults(), x.op->getResults()))
    result.setType(tensorWithDims(x.folded(dimsOf(element)), elementOf(element)));
  return x.finish(all);
}

/// With the batch of each element: queries, keys and values in any case, a mask where it has one.
LogicalResult batchAttention(BatchedOperation &x) {
  auto attention = cast<onnx::AttentionOp>(x.op);
  if (attention.getNonpadKvSeqlen())
    return x.refuse("has lengths of keys");
  Value mask = attention.getAttnMask();
  Dims maskDims = mask ? dimsOf(mask) : Dims();
  DimExpr batch = dimsOf(attention.getQ())[0];
  bool isWhole =
      !mask || maskDims.size() <= 2 || (maskDims.size() == 4 && maskDims[0].isConstant(1));
  if (x.isStacked(mask)) {
    if (maskDims.size() != 2 && maskDims.size() != 4)
      return x.refuse("has a mask of other than 2 or 4 axes");
    if (maskDims.size() == 2)
      maskDims.insert(maskDims.begin(), 2, DimExpr(1));
    if (maskDims[0] != batch)
      return x.refuse("has a mask for each element that is not one for each of its batch");
  } else if (!isWhole) {
    return x.refuse("has a mask for each of the batch");
  }
  SmallVector<Value> operands;
  for (auto [number, operand] : llvm::enumerate(x.op->getOperands())) {
    if (operand != mask)
      operands.push_back(x.foldedOperand(number));
    else if (x.isStacked(mask))
      operands.push_back(x.m.viewedAs(x.operand(mask), x.folded(maskDims)));
    else
      operands.push_back(x.operand(mask));
  }
  Operation *all = x.clone(operands);
  for (auto [result, element] : llvm::zip(all->getResults(), x.op->getResults()))
    result.setType(tensorWithDims(x.folded(dimsOf(element)), elementOf(element)));
  return x.finish(all);
}

} // namespace

void addFoldedRules(BatchingRules &rules) {
  for (StringRef name :
       {"AveragePool", "BatchNormalization", "Conv", "ConvInteger", "ConvTranspose", "DepthToSpace",
        "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool", "GroupNormalization",
        "InstanceNormalization", "LRN", "LpPool", "MaxPool", "SpaceToDepth"})
    rules[("onnx." + name).str()] = batchFolded;
  rules["onnx.Attention"] = batchAttention;
}

} // namespace heddle
