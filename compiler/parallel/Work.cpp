// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/Work.h"

#include "compiler/kernels/CostModel.h"
#include "compiler/kernels/OperationKinds.h"
#include "compiler/kernels/StructuredLowering.h"
#include "compiler/parallel/Constructs.h"
#include "dialects/heddle/CacheOps.h"
#include "dialects/heddle/Heddle.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"

using namespace mlir;

namespace heddle {

DimExpr greaterOf(const DimExpr &a, const DimExpr &b) {
  return estimateSize(a) < estimateSize(b) ? b : a;
}

static DimExpr elementsOf(ValueRange values) {
  DimExpr most = 0;
  for (Value value : values)
    if (auto type = dyn_cast<RankedTensorType>(value.getType()))
      most = greaterOf(most, countElements(getDims(type)));
  return most;
}

/// How many products are added for an element of a contraction.
static DimExpr depthOf(Operation *op) {
  if (isa<onnx::ConvOp, onnx::ConvIntegerOp>(op))
    return countElements(ArrayRef(dimsOf(op->getOperand(1))).drop_front());
  if (auto conv = dyn_cast<onnx::ConvTransposeOp>(op))
    return countElements(ArrayRef(dimsOf(conv.getW())).drop_front(2)) * dimsOf(conv.getW())[0];
  if (auto window = op->getAttrOfType<DenseI64ArrayAttr>("kernel_shape")) {
    DimExpr size = 1;
    for (int64_t axis : window.asArrayRef())
      size = size * axis;
    return size;
  }
  if (auto gemm = dyn_cast<onnx::GemmOp>(op))
    return dimsOf(gemm.getA())[gemm.getTransA() ? 0 : 1];
  return dimsOf(op->getOperand(0)).back();
}

/// Two products, what the region does to a score, and four operations of the softmax for each score.
static Work workOfAttention(AttentionOp op) {
  Dims scores = dimsOf(op.getProducts()), query = dimsOf(op.getQuery()),
       value = dimsOf(op.getValue());
  const DimExpr &keys = scores.back(), &size = query[op.axesOf(0).back()];
  const DimExpr &width = value[op.axesOf(2).back()];
  Work region = workOf(op.getScores().front());
  return {countElements(scores) * (2 * size + 2 * width + 4) + region.work,
          logarithm(size) + 3 * logarithm(keys) + region.span + 3};
}

Work workOf(Operation *op) {
  if (op->hasTrait<OpTrait::IsTerminator>() || isa<onnx::ConstantOp, IndexTensorOp, AwaitOp>(op))
    return {};
  // A version is the memory of another one; only entries move.
  if (auto append = dyn_cast<CacheAppendOp>(op))
    return {elementsOf(append.getEntries()), 1};
  if (isa<CacheOpenOp, CacheViewOp, CacheSnapshotOp, CacheForkOp, CacheTruncateOp>(op))
    return {};
  if (isa<onnx::ScanOp, onnx::LoopOp>(op)) {
    Work step = workOf(op->getRegion(0).front());
    // A Loop's length is in its stacked results only; a Scan's is that of its inputs.
    DimExpr length = DimExpr::symbol("iterations");
    if (auto scan = dyn_cast<onnx::ScanOp>(op))
      length = dimsOf(op->getOperands().back()).front();
    return {length * step.work, length * step.span};
  }
  if (auto attention = dyn_cast<AttentionOp>(op))
    return workOfAttention(attention);
  if (op->getNumRegions() != 0) { // one of them runs, or the only one
    Work most;
    for (Region &region : op->getRegions()) {
      Work inner = region.empty() ? Work() : workOf(region.front());
      most = {greaterOf(most.work, inner.work), greaterOf(most.span, inner.span)};
    }
    if (isa<MapOp, StreamsOp>(op)) {
      DimExpr times = isa<StreamsOp>(op) ? DimExpr(cast<StreamsOp>(op).getCount())
                                         : dimsOf(op->getOperand(0)).front();
      most.work = times * most.work;
    }
    return most;
  }
  switch (operationKind(op)) {
  case OperationKind::View:
  case OperationKind::Constant:
    return {};
  case OperationKind::Contraction: {
    DimExpr depth = depthOf(op);
    return {elementsOf(op->getResults()) * depth * 2, logarithm(depth) + 1};
  }
  default:
    break;
  }
  DimExpr in = elementsOf(op->getOperands()), out = elementsOf(op->getResults());
  std::optional<AccessPattern> pattern = accessPattern(op);
  if (pattern != AccessPattern::Row && pattern != AccessPattern::Reduction)
    return {out, 1};
  return {greaterOf(in, out), logarithm(greaterOf(in, out)) + 1};
}

Work workOf(Block &block) {
  Work sum;
  DenseMap<Operation *, DimExpr> ends;
  for (Operation &op : block) {
    Work own = workOf(&op);
    DimExpr start = 0;
    op.walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (Operation *producer = operand.getDefiningOp())
          if (auto found = ends.find(producer); found != ends.end())
            start = greaterOf(start, found->second);
    });
    ends[&op] = start + own.span;
    sum = {sum.work + own.work, greaterOf(sum.span, start + own.span)};
  }
  return sum;
}

} // namespace heddle
