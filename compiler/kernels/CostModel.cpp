// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/CostModel.h"

#include "compiler/kernels/OperationKinds.h"
#include "compiler/kernels/Parameters.h"
#include "dialects/heddle/CacheOps.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"

using namespace mlir;

namespace heddle {
namespace {

constexpr double kNanosecondsPerProduct = 0.02; // fused multiply-adds at some 50 GFMA/s
constexpr double kNanosecondsPerElement = 0.25; // memory-bound work, and a few operations on it
constexpr double kNanosecondsPerCall = 2000;    // an irregular operator of the runtime library
constexpr double kNanosecondsPerVersion = 100;  // of a cache
constexpr double kNanosecondsPerLook = 2.5;     // at an element, one at a time
constexpr double kNanosecondsPerNumber = 0.5;   // of a model of ai.onnx.ml, for each sample

double elements(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? estimateSize(countElements(getDims(type))) : 0;
}

/// Products of a contraction: the result's elements times the depth.
double products(Operation *op) {
  if (auto attention = dyn_cast<AttentionOp>(op)) {
    double width = estimateSize(heddle::dimsOf(attention.getQuery()).back()) +
                   estimateSize(heddle::dimsOf(attention.getValue()).back());
    return elements(attention.getProducts()) * width;
  }
  if (auto merge = dyn_cast<MergeAttentionOp>(op))
    return elements(merge.getParts());
  auto dimsOf = [](Value value) { return getDims(cast<RankedTensorType>(value.getType())); };
  double depth;
  if (isa<onnx::ConvOp, onnx::ConvIntegerOp>(op)) {
    Dims filter = dimsOf(op->getOperand(1));
    depth = estimateSize(countElements(ArrayRef(filter).drop_front()));
  } else if (auto conv = dyn_cast<onnx::ConvTransposeOp>(op)) { // every input meets every tap once
    Dims filter = dimsOf(conv.getW());
    return elements(conv.getX()) * estimateSize(countElements(ArrayRef(filter).drop_front()));
  } else if (auto window = op->getAttrOfType<DenseI64ArrayAttr>("kernel_shape")) { // pooling
    depth = 1;
    for (int64_t size : window.asArrayRef())
      depth *= static_cast<double>(size);
  } else {
    depth = estimateSize(dimsOf(op->getOperand(0)).back());
  }
  return elements(op->getResult(0)) * depth;
}

double iterations(Operation *op) {
  if (isa<onnx::ScanOp>(op))
    return estimateSize(heddle::dimsOf(op->getOperands().back()).front());
  auto loop = dyn_cast<onnx::LoopOp>(op);
  if (!loop)
    return 1;
  auto count = constantIntegers(loop.getM());
  return count && !count->empty() ? std::max<double>(count->front(), 0)
                                  : estimateSize(DimExpr::symbol("iterations"));
}

/// An operator of the runtime library looks at all that it reads or makes; one of ai.onnx.ml, for each
/// sample, at the numbers of the model in its attributes.
double libraryCost(Operation *op) {
  double most = 0, numbers = 0;
  for (Value result : op->getResults())
    most = std::max(most, elements(result));
  if (!isa<onnx::GatherNDOp, onnx::GatherElementsOp>(op)) // which read as much as they make
    for (Value operand : op->getOperands())
      most = std::max(most, elements(operand));
  double cost = kNanosecondsPerCall + most * kNanosecondsPerLook;
  if (!op->getName().stripDialect().starts_with("ml.") || op->getNumOperands() == 0)
    return cost;
  for (NamedAttribute attribute : op->getAttrs()) {
    if (auto array = dyn_cast<DenseArrayAttr>(attribute.getValue()))
      numbers = std::max<double>(numbers, array.getSize());
    else if (auto tensor = dyn_cast<ElementsAttr>(attribute.getValue()))
      numbers = std::max<double>(numbers, tensor.getNumElements());
  }
  auto samples = dyn_cast<RankedTensorType>(op->getOperand(0).getType());
  double rows = samples && samples.getRank() > 1 ? estimateSize(getDims(samples).front()) : 1;
  return cost + rows * numbers * kNanosecondsPerNumber;
}

/// One step of a recurrence: it waits for the one before, operation by operation.
double estimateStep(Region &step) {
  double sum = 0;
  for (Operation &op : step.getOps())
    if (op.getNumResults() > 0)
      sum += 1 + elements(op.getResult(0)) / 16;
  return sum;
}

} // namespace

double estimateSize(const DimExpr &expr) {
  // Sizes that windows leave nothing of are larger: 64 samples make no frame.
  for (int64_t usual : {64, 4096, 1 << 18}) {
    DimExpr guess =
        expr.substitute([&](StringRef) -> std::optional<DimExpr> { return DimExpr(usual); });
    if (int64_t size = guess.asConstant().value_or(64); size > 0)
      return static_cast<double>(size);
  }
  return 0;
}

double estimateCost(Operation *op) {
  if (isa<onnx::ConstantOp, IndexTensorOp, AwaitOp>(op) || op->hasTrait<OpTrait::IsTerminator>())
    return 0;
  if (isa<CacheOpenOp, CacheViewOp, CacheSnapshotOp, CacheForkOp>(op))
    return 0;
  if (auto append = dyn_cast<CacheAppendOp>(op))
    return kNanosecondsPerVersion + elements(append.getEntries()) * kNanosecondsPerElement;
  if (isa<CacheTruncateOp>(op))
    return kNanosecondsPerVersion;
  if (auto totals = dyn_cast<ChunkTotalsOp>(op))
    return estimateSize(heddle::dimsOf(totals.getElements().front()).front()) *
           estimateStep(totals.getCombine());
  if (auto scan = dyn_cast<ChunkScanOp>(op))
    return estimateSize(heddle::dimsOf(scan.getElements().front()).front()) *
           estimateStep(scan.getApply());
  if (op->getNumRegions() != 0 && !isa<AttentionOp>(op)) {
    double most = 0; // of an If, one branch runs
    for (Region &region : op->getRegions()) {
      double sum = 0;
      for (Operation &inner : region.getOps())
        sum += estimateCost(&inner);
      most = std::max(most, sum);
    }
    return most * iterations(op);
  }
  double moved = 0;
  for (Value result : op->getResults())
    moved += elements(result) * kNanosecondsPerElement;
  switch (operationKind(op)) {
  case OperationKind::Contraction:
    return moved + products(op) * kNanosecondsPerProduct;
  case OperationKind::Library:
    return libraryCost(op);
  case OperationKind::View:
  case OperationKind::Constant:
    return 0;
  case OperationKind::Loops:
  case OperationKind::Control:
    return moved;
  }
  llvm_unreachable("all kinds are handled");
}

} // namespace heddle
