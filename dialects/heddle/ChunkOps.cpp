// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of the passes over chunks.

#include "dialects/heddle/Heddle.h"
#include "dialects/heddle/TensorDims.h"

#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace heddle;

/// The type with another axis in front.
static Type stacked(DimExpr count, Type type) {
  auto tensor = cast<RankedTensorType>(type);
  Dims dims{count};
  llvm::append_range(dims, getDims(tensor));
  return tensorWithDims(dims, tensor.getElementType());
}

static LogicalResult verifySteps(Operation *op, StringRef steps) {
  std::optional<DimExpr> length = DimExpr::parse(steps);
  if (!length || !length->isKnown())
    return op->emitOpError("has chunks of '") << steps << "', which is no dimension expression";
  return success();
}

static LogicalResult verifyChunk(Operation *op, StringRef chunk, int64_t parts) {
  if (failed(verifySteps(op, chunk)))
    return failure();
  if (parts < 1)
    return op->emitOpError("splits its lanes into ") << parts << " parts";
  return success();
}

/// Axis 0 of values that all have one, unless they disagree.
static FailureOr<DimExpr> commonAxis(Operation *op, StringRef what, ValueRange values) {
  std::optional<DimExpr> axis;
  for (Value value : values) {
    Dims dims = dimsOf(value);
    if (dims.empty() || (axis && *axis != dims.front()))
      return op->emitOpError("has ") << what << " without a common axis 0";
    axis = dims.front();
  }
  if (!axis)
    return op->emitOpError("has no ") << what;
  return *axis;
}

LogicalResult ChunkTotalsOp::verify() {
  if (failed(verifyChunk(*this, getChunk(), getParts())))
    return failure();
  FailureOr<DimExpr> length = commonAxis(*this, "elements", getElements());
  FailureOr<DimExpr> chunks = commonAxis(*this, "totals", getTotals());
  if (failed(length) || failed(chunks))
    return failure();
  TypeRange total = getCombine().front().getTerminator()->getOperandTypes();
  SmallVector<Type> pair(total), elements, totals;
  llvm::append_range(pair, total);
  for (Type type : total) {
    elements.push_back(stacked(*length, type));
    totals.push_back(stacked(*chunks, type));
  }
  if (getCombine().getArgumentTypes() != TypeRange(pair) ||
      getElements().getTypes() != TypeRange(elements) ||
      getTotals().getTypes() != TypeRange(totals))
    return emitOpError("has a combine region that does not take two of its elements to a total");
  return success();
}

LogicalResult ChunkScanOp::verify() {
  if (failed(verifyChunk(*this, getChunk(), getParts())))
    return failure();
  FailureOr<DimExpr> length = commonAxis(*this, "elements", getElements());
  FailureOr<DimExpr> chunks = commonAxis(*this, "starts", getStarts());
  if (failed(length) || failed(chunks))
    return failure();
  TypeRange states = getApply().front().getTerminator()->getOperandTypes();
  SmallVector<Type> arguments(getApply().getArgumentTypes());
  if (arguments.size() != states.size() + getElements().size() ||
      TypeRange(arguments).take_front(states.size()) != states)
    return emitOpError("has an apply region that does not take a state and an element to a state");
  SmallVector<Type> starts, elements, kept;
  for (Type type : states)
    starts.push_back(stacked(*chunks, type));
  for (Type type : ArrayRef(arguments).drop_front(states.size()))
    elements.push_back(stacked(*length, type));
  if (getKeeps().size() != 2 * states.size())
    return emitOpError("does not say of each state whether it is kept");
  for (auto [i, keep] : llvm::enumerate(getKeeps()))
    if (keep)
      kept.push_back(i < states.size() ? states[i] : stacked(*length, states[i - states.size()]));
  if (getStarts().getTypes() != TypeRange(starts) ||
      getElements().getTypes() != TypeRange(elements) || getKept().getTypes() != TypeRange(kept))
    return emitOpError("has starts, elements or results that do not fit its apply region");
  return verifyOrigin();
}

/// The elements that its elements are totals of, where it has these.
LogicalResult ChunkScanOp::verifyOrigin() {
  if (getCovers().has_value() != !getOrigin().empty())
    return emitOpError(
        "has a sequence that its elements are totals of if it says of how many steps");
  if (!getCovers())
    return success();
  FailureOr<DimExpr> length = commonAxis(*this, "steps of totals", getOrigin());
  if (failed(length) || failed(verifySteps(*this, *getCovers())))
    return failure();
  SmallVector<Type> steps;
  for (Type type : TypeRange(getApply().getArgumentTypes()).drop_front(getStarts().size()))
    steps.push_back(stacked(*length, type));
  if (getOrigin().getTypes() != TypeRange(steps))
    return emitOpError("has steps that its elements cannot be totals of");
  return success();
}
