// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/streams/Chunks.h"

#include "compiler/kernels/OperationKinds.h"
#include "compiler/kernels/Parameters.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"

using namespace mlir;

namespace heddle {
namespace {

/// The elements of the axes behind this one, where those before it are 1: then a range of it is a
/// chunk. Nothing where it is not.
std::optional<DimExpr> elementsBehind(ArrayRef<DimExpr> dims, int64_t axis) {
  if (axis < 0)
    axis += dims.size();
  for (const DimExpr &before : dims.take_front(axis))
    if (!before.isConstant(1))
      return std::nullopt;
  return countElements(dims.drop_front(axis + 1));
}

/// Where the range starts that a value is of its producer's operand 0.
std::optional<DimExpr> startOf(OpResult value) {
  Operation *op = value.getOwner();
  if (!isa<onnx::GatherOp, onnx::SplitOp, onnx::SliceOp>(op))
    return std::nullopt;
  Dims dims = dimsOf(op->getOperand(0));
  if (auto gather = dyn_cast<onnx::GatherOp>(op)) {
    auto index = constantIntegers(gather.getIndices());
    auto behind = elementsBehind(dims, gather.getAxis());
    if (!behind || !index || index->size() != 1 || index->front() < 0)
      return std::nullopt;
    return *behind * index->front();
  }
  if (auto split = dyn_cast<onnx::SplitOp>(op)) {
    int64_t axis = split.getAxis();
    auto behind = elementsBehind(dims, axis);
    if (!behind)
      return std::nullopt;
    DimExpr before = 0;
    for (Value part : op->getResults().take_front(value.getResultNumber()))
      before = before + dimsOf(part)[axis < 0 ? axis + dims.size() : axis];
    return before * *behind;
  }
  if (auto slice = dyn_cast<onnx::SliceOp>(op)) {
    auto starts = constantIntegers(slice.getStarts()), axes = constantIntegers(slice.getAxes());
    auto steps = constantIntegers(slice.getSteps());
    if (!starts || starts->size() != 1 || starts->front() < 0 || (slice.getAxes() && !axes) ||
        (slice.getSteps() && (!steps || steps->front() != 1)))
      return std::nullopt;
    int64_t axis = axes ? axes->front() : 0;
    auto behind = elementsBehind(dims, axis);
    // A start behind the end is cut back to it.
    int64_t position = axis < 0 ? axis + dims.size() : axis;
    if (!behind || !(dims[position] - starts->front()).isAtLeast(0))
      return std::nullopt;
    return *behind * starts->front();
  }
  return std::nullopt;
}

} // namespace

Chunk chunkOf(Value value) {
  DimExpr offset = 0;
  for (;;) {
    auto result = dyn_cast<OpResult>(value);
    if (!result)
      return {value, offset};
    if (operationKind(result.getOwner()) != OperationKind::View) {
      std::optional<DimExpr> start = startOf(result);
      if (!start || !start->isKnown())
        return {value, offset};
      offset = offset + *start;
    }
    value = result.getOwner()->getOperand(0);
  }
}

Value findStacked(ArrayRef<Value> parts) {
  DimExpr elements = countElements(dimsOf(parts.front()));
  Value source;
  for (auto [i, part] : llvm::enumerate(parts)) {
    Chunk chunk = chunkOf(part);
    if (chunk.source == part || (source && chunk.source != source) ||
        countElements(dimsOf(part)) != elements ||
        chunk.offset != elements * DimExpr(static_cast<int64_t>(i)))
      return {};
    source = chunk.source;
  }
  DimExpr all = elements * DimExpr(static_cast<int64_t>(parts.size()));
  return all.isKnown() && countElements(dimsOf(source)) == all ? source : Value();
}

} // namespace heddle
