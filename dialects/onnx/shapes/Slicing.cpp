// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators that cut tensors into pieces, and that crop and pad them.

#include "dialects/onnx/shapes/ShapeRules.h"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

/// Positions of a box of `shape`, beginning at `start` on one axis of a tensor of `source`.
static SmallVector<int64_t> positionsFrom(ArrayRef<int64_t> shape, ArrayRef<int64_t> source,
                                          int64_t axis, int64_t start, int64_t step) {
  SmallVector<int64_t> positions, at;
  forEachIndex(shape, [&](ArrayRef<int64_t> index) {
    at.assign(index.begin(), index.end());
    at[axis] = start + at[axis] * step;
    positions.push_back(positionOf(at, source));
  });
  return positions;
}

/// The sizes of the parts that Split makes; a part can be of unknown size.
static FailureOr<Dims> splitSizes(SplitOp op, ShapeContext &context, const DimExpr &whole) {
  int64_t parts = op.getOutputs().size();
  Dims sizes;
  if (const TensorFacts *split = optionalFacts(context, op.getSplit())) {
    if (failed(expectRank(op, "the sizes of its results", *split, 1)))
      return failure();
    if (split->dims[0].asConstant() && !split->dims[0].isConstant(parts))
      return op.emitOpError("has ") << split->dims[0].str() << " sizes for " << parts << " results";
    DimExpr sum = 0;
    for (int64_t i = 0; i < parts; ++i) {
      sizes.push_back(split->integers ? (*split->integers)[i] : DimExpr::unknown());
      if (std::optional<int64_t> size = sizes.back().asConstant(); size && *size < 0)
        return op.emitOpError("has a result ") << i << " of size " << *size;
      sum = sum + sizes.back();
    }
    if (sum.asConstant() && whole.asConstant() && sum != whole)
      return op.emitOpError("splits a dimension of ") << whole.str() << " into " << describe(sizes);
    return sizes;
  }
  if (std::optional<uint64_t> count = op.getNumOutputs(); count && int64_t(*count) != parts)
    return op.emitOpError("has num_outputs ") << *count << " and " << parts << " results";
  if (parts == 0)
    return op.emitOpError("has no results, expected one or more");
  DimExpr chunk = whole.ceilDiv(parts);
  sizes.assign(parts, chunk);
  sizes.back() = whole - chunk * (parts - 1);
  return sizes;
}

static LogicalResult inferSplit(SplitOp op, ShapeContext &context) {
  const TensorFacts &input = context.facts(op.getInput());
  FailureOr<int64_t> axis = normalizeAxis(op, int64_t(op.getAxis()), input.rank());
  if (failed(axis))
    return failure();
  FailureOr<Dims> sizes = splitSizes(op, context, input.dims[*axis]);
  if (failed(sizes))
    return failure();
  std::optional<int64_t> start = 0;
  for (auto [result, size] : llvm::zip(op.getOutputs(), *sizes)) {
    TensorFacts part(input.elementType, input.dims);
    part.dims[*axis] = size.isKnown() ? size : context.freshSymbol(result, *axis);
    std::optional<SmallVector<int64_t>> shape = part.staticShape(), source = input.staticShape();
    if (start && shape && source && part.trackedCount())
      part.takeElements(input, positionsFrom(*shape, *source, *axis, *start, 1));
    std::optional<int64_t> width = size.asConstant();
    start = start && width ? std::optional(*start + *width) : std::nullopt;
    context.setFacts(result, std::move(part));
  }
  return success();
}

namespace {
/// One axis of a Slice.
struct Cut {
  DimExpr start, end;
  int64_t step;
};
} // namespace

/// Starts and ends this far out mean "as far as it goes".
static bool isFar(const DimExpr &position) {
  std::optional<int64_t> number = position.asConstant();
  return number && (*number >= INT32_MAX || *number <= INT32_MIN);
}

static bool isNegative(const DimExpr &position) {
  std::optional<int64_t> high = position.upperBound();
  return high && *high < 0;
}

static bool isFarAfter(const DimExpr &position) { return isFar(position) && !isNegative(position); }

/// The smallest of all differences lhs - rhs.
static DimExpr leastDifference(ArrayRef<DimExpr> lhs, ArrayRef<DimExpr> rhs) {
  std::optional<DimExpr> least;
  for (const DimExpr &left : lhs)
    for (const DimExpr &right : rhs)
      least = least ? DimExpr::min(*least, left - right) : left - right;
  return *least;
}

/// A position whose sign is not known, as one from the start: negative ones count from the end, and
/// go no further than the least.
static DimExpr fromStart(const DimExpr &position, const DimExpr &dim, int64_t least) {
  if (position.isAtLeast(0) || isNegative(position))
    return position;
  DimExpr isNegative = DimExpr::min(DimExpr::max(-position, 0), 1);
  return DimExpr::max(position + dim * isNegative, least);
}

/// The number of elements that a cut takes of a dimension.
static DimExpr sizeOfCut(Cut cut, const DimExpr &dim) {
  if (!cut.start.isKnown() || !cut.end.isKnown() || cut.step == 0)
    return DimExpr::unknown();
  if (isFarAfter(cut.step > 0 ? cut.start : cut.end))
    return 0;
  // Going down, an end may be before the first element, a start may not.
  cut.start = fromStart(cut.start, dim, 0);
  cut.end = fromStart(cut.end, dim, cut.step > 0 ? 0 : -1);
  // Each bound is the least (an end) or the greatest (a start) of some alternatives, and the
  // distance is the least of their differences; the clamps that cannot matter are left out.
  SmallVector<DimExpr, 2> from, to;
  if (cut.step > 0) {
    if (isNegative(cut.start))
      from = {isFar(cut.start) ? DimExpr(0) : dim + cut.start, 0};
    else
      from = {cut.start};
    if (isNegative(cut.end))
      to = {isFar(cut.end) ? DimExpr(0) : dim + cut.end};
    else if (isFar(cut.end))
      to = {dim};
    else
      to = {cut.end, dim};
    return DimExpr::max(leastDifference(to, from), 0).ceilDiv(cut.step);
  }
  if (isFarAfter(cut.start) || cut.start.asConstant() == -1)
    to = {dim - 1};
  else if (isNegative(cut.start))
    to = {isFar(cut.start) ? DimExpr(0) : DimExpr::max(dim + cut.start, 0), dim - 1};
  else
    to = {cut.start, dim - 1};
  if (isNegative(cut.end))
    from = {isFar(cut.end) ? DimExpr(-1) : dim + cut.end, -1};
  else
    from = {cut.end};
  return DimExpr::max(leastDifference(to, from), 0).ceilDiv(-cut.step);
}

/// The first element of a cut with constant bounds.
static int64_t firstOfCut(const Cut &cut, int64_t dim) {
  int64_t start = *cut.start.asConstant();
  start = start < 0 ? (isFar(cut.start) ? 0 : start + dim) : start;
  return std::clamp<int64_t>(start, 0, std::max<int64_t>(cut.step > 0 ? dim : dim - 1, 0));
}

static LogicalResult inferSlice(SliceOp op, ShapeContext &context) {
  const TensorFacts &data = context.facts(op.getData());
  const TensorFacts &starts = context.facts(op.getStarts()), &ends = context.facts(op.getEnds());
  if (failed(expectRank(op, "starts", starts, 1)) || failed(expectRank(op, "ends", ends, 1)))
    return failure();
  std::optional<int64_t> count = starts.dims[0].asConstant();
  if (count && *count > data.rank())
    return op.emitOpError("has ") << *count << " starts for " << describe(data.dims);
  std::optional<SmallVector<int64_t>> given = constantIntegers(context, op.getAxes());
  if (!op.getAxes() && count)
    given = llvm::to_vector(llvm::seq<int64_t>(0, *count));
  std::optional<SmallVector<int64_t>> steps = constantIntegers(context, op.getSteps());
  TensorFacts result(data.elementType, data.dims);
  if (!given || !count) {
    // Any dimension may be cut.
    result.dims = context.freshDims(op.getOutput(), data.rank());
    context.setFacts(op.getOutput(), std::move(result));
    return success();
  }
  FailureOr<SmallVector<int64_t>> axes = normalizeAxes(op, *given, data.rank());
  if (failed(axes))
    return failure();
  if (int64_t(axes->size()) != *count || !ends.dims[0].isAtLeast(*count) ||
      (steps && steps->size() != axes->size()))
    return op.emitOpError("has ") << *count << " starts, " << ends.dims[0].str() << " ends and "
                                  << axes->size() << " axes, expected as many of each";
  TensorFacts current = data;
  for (auto [i, axis] : llvm::enumerate(*axes)) {
    Cut cut{starts.integers ? (*starts.integers)[i] : DimExpr::unknown(),
            ends.integers ? (*ends.integers)[i] : DimExpr::unknown(),
            steps           ? (*steps)[i]
            : op.getSteps() ? 0
                            : 1};
    if (steps && cut.step == 0)
      return op.emitOpError("has a step of 0 for axis ") << axis;
    if (cut.step < -INT32_MAX)
      cut.step = -INT32_MAX;
    TensorFacts next(data.elementType, current.dims);
    DimExpr size = sizeOfCut(cut, current.dims[axis]);
    next.dims[axis] = size.isKnown() ? size : context.freshSymbol(op.getOutput(), axis);
    std::optional<SmallVector<int64_t>> shape = next.staticShape(), source = current.staticShape();
    if (shape && source && size.isKnown() && cut.start.asConstant() && current.trackedCount())
      next.takeElements(current, positionsFrom(*shape, *source, axis,
                                               firstOfCut(cut, (*source)[axis]), cut.step));
    current = std::move(next);
  }
  context.setFacts(op.getOutput(), std::move(current));
  return success();
}

static LogicalResult inferPad(PadOp op, ShapeContext &context) {
  const TensorFacts &data = context.facts(op.getData()), &pads = context.facts(op.getPads());
  std::optional<SmallVector<int64_t>> given = constantIntegers(context, op.getAxes());
  TensorFacts result(data.elementType, data.dims);
  if (op.getAxes() && !given) {
    result.dims = context.freshDims(op.getOutput(), data.rank());
    context.setFacts(op.getOutput(), std::move(result));
    return success();
  }
  FailureOr<SmallVector<int64_t>> axes = normalizeAxes(
      op, given ? *given : llvm::to_vector(llvm::seq<int64_t>(0, data.rank())), data.rank());
  if (failed(axes) || failed(expectRank(op, "pads", pads, 1)))
    return failure();
  int64_t count = axes->size();
  if (std::optional<int64_t> found = pads.dims[0].asConstant(); found && *found != 2 * count)
    return op.emitOpError("expects ") << 2 * count << " pads, got " << *found;
  for (auto [i, axis] : llvm::enumerate(*axes)) {
    DimExpr before = pads.integers ? (*pads.integers)[i] : DimExpr::unknown();
    DimExpr after = pads.integers ? (*pads.integers)[i + count] : DimExpr::unknown();
    DimExpr size = data.dims[axis] + before + after;
    result.dims[axis] =
        before.isKnown() && after.isKnown() ? size : context.freshSymbol(op.getOutput(), axis);
  }
  context.setFacts(op.getOutput(), std::move(result));
  return success();
}

static LogicalResult inferCenterCropPad(CenterCropPadOp op, ShapeContext &context) {
  const TensorFacts &input = context.facts(op.getInputData());
  const TensorFacts &shape = context.facts(op.getShape());
  SmallVector<int64_t> given = llvm::to_vector(llvm::seq<int64_t>(0, input.rank()));
  if (std::optional<ArrayRef<int64_t>> axes = op.getAxes())
    given = llvm::to_vector(*axes);
  FailureOr<SmallVector<int64_t>> axes = normalizeAxes(op, given, input.rank());
  if (failed(axes) || failed(expectRank(op, "a shape", shape, 1)))
    return failure();
  if (std::optional<int64_t> count = shape.dims[0].asConstant();
      count && *count != int64_t(axes->size()))
    return op.emitOpError("expects ") << axes->size() << " sizes, got " << *count;
  Dims dims = input.dims;
  for (auto [i, axis] : llvm::enumerate(*axes))
    dims[axis] = dimOrFresh(context, shape.integers ? &*shape.integers : nullptr, i,
                            op.getOutputData(), axis);
  context.setFacts(op.getOutputData(), input.elementType, dims);
  return success();
}

void heddle::onnx::attachSlicingShapes(MLIRContext *context) {
  attachRules<inferSplit, inferSlice, inferPad, inferCenterCropPad>(context);
}
