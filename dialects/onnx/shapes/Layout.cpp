// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators that give the same elements other dimensions, or repeat them.

#include "dialects/onnx/shapes/ShapeRules.h"

#include <numeric>

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

/// Reads the wanted dimensions; `open` is where one has to be computed: a -1 or an unknown one.
static LogicalResult readTarget(ReshapeOp op, ShapeContext &context, Dims &dims,
                                std::optional<int64_t> &open) {
  const TensorFacts &data = context.facts(op.getData()), &shape = context.facts(op.getShape());
  FailureOr<int64_t> rank = rankGivenBy(op, shape);
  if (failed(rank))
    return failure();
  bool hasInferred = false;
  for (int64_t axis = 0; axis < *rank; ++axis) {
    DimExpr wanted = shape.integers ? (*shape.integers)[axis] : DimExpr::unknown();
    std::optional<int64_t> number = wanted.asConstant();
    if (number && *number < -1)
      return op.emitOpError("has the negative dimension ") << *number << " in its shape";
    if (number && *number == -1) {
      if (std::exchange(hasInferred, true))
        return op.emitOpError("has more than one -1 in its shape");
      open = axis;
    } else if (number && *number == 0 && !op.getAllowzero()) {
      if (axis >= data.rank())
        return op.emitOpError("copies dimension ")
               << axis << " of its operand, which has " << describe(data.dims);
      wanted = data.dims[axis];
    }
    dims.push_back(wanted);
  }
  if (hasInferred)
    return success();
  // A single unknown dimension is what the others leave, whatever the shape will say.
  auto isUnknown = [](const DimExpr &dim) { return !dim.isKnown(); };
  if (llvm::count_if(dims, isUnknown) == 1)
    open = llvm::find_if(dims, isUnknown) - dims.begin();
  return success();
}

static LogicalResult inferReshape(ReshapeOp op, ShapeContext &context) {
  const TensorFacts &data = context.facts(op.getData());
  Dims dims;
  std::optional<int64_t> open;
  if (failed(readTarget(op, context, dims, open)))
    return failure();
  DimExpr rest = 1, count = countElements(data.dims);
  for (auto [axis, dim] : llvm::enumerate(dims)) {
    if (int64_t(axis) == open.value_or(-1))
      continue;
    if (!dim.isKnown())
      dim = context.freshSymbol(op.getReshaped(), axis);
    rest = rest * dim;
  }
  std::optional<int64_t> total = count.asConstant(), part = rest.asConstant();
  bool fits = !total || !part || (open ? *part && *total % *part == 0 : *total == *part);
  if (!fits && !(open && *part == 0 && !dims[*open].isKnown()))
    return op.emitOpError("cannot give ")
           << *total << " elements of " << describe(data.dims) << " the shape "
           << describe(context.facts(op.getShape()).integers.value_or(std::vector<DimExpr>()));
  if (open) {
    dims[*open] = count.floorDiv(rest);
    if (!dims[*open].isKnown())
      dims[*open] = context.freshSymbol(op.getReshaped(), *open);
  }
  TensorFacts result(data.elementType, dims);
  result.takeElements(data);
  context.setFacts(op.getReshaped(), std::move(result));
  return success();
}

static LogicalResult inferFlatten(FlattenOp op, ShapeContext &context) {
  const TensorFacts &input = context.facts(op.getInput());
  int64_t axis = op.getAxis(), rank = input.rank();
  if (axis < -rank || axis > rank)
    return op.emitOpError("has axis ") << axis << " for an operand of rank " << rank;
  axis += axis < 0 ? rank : 0;
  ArrayRef<DimExpr> dims = input.dims;
  TensorFacts result(input.elementType,
                     {countElements(dims.take_front(axis)), countElements(dims.drop_front(axis))});
  result.takeElements(input);
  context.setFacts(op.getOutput(), std::move(result));
  return success();
}

/// Squeeze and Unsqueeze by axes that only running the program tells: their number gives the rank.
static LogicalResult moveUnknownAxes(Operation *op, ShapeContext &context, const TensorFacts &data,
                                     const TensorFacts &axes, int64_t sign) {
  std::optional<int64_t> count = countElements(axes.dims).asConstant();
  if (!count)
    return op->emitOpError("cannot tell the rank of its result: the number of axes is not known");
  int64_t rank = data.rank() + sign * *count;
  if (rank < 0)
    return op->emitOpError("has ") << *count << " axes for " << describe(data.dims);
  if (failed(expectFewDims(op, rank)))
    return failure();
  context.setFacts(op->getResult(0), data.elementType, context.freshDims(op->getResult(0), rank));
  return success();
}

static LogicalResult inferSqueeze(SqueezeOp op, ShapeContext &context) {
  const TensorFacts &data = context.facts(op.getData());
  SmallVector<int64_t> axes;
  if (op.getAxes()) {
    std::optional<SmallVector<int64_t>> values = constantIntegers(context, op.getAxes());
    if (!values)
      return moveUnknownAxes(op, context, data, context.facts(op.getAxes()), /*sign=*/-1);
    FailureOr<SmallVector<int64_t>> normalized = normalizeAxes(op, *values, data.rank());
    if (failed(normalized))
      return failure();
    axes = *normalized;
  } else {
    // Dimensions with a name are taken to stay: that they are not 1 is checked as the program runs.
    for (auto [axis, dim] : llvm::enumerate(data.dims))
      if (dim.isConstant(1))
        axes.push_back(axis);
  }
  TensorFacts result(data.elementType, {});
  for (auto [axis, dim] : llvm::enumerate(data.dims)) {
    if (!llvm::is_contained(axes, int64_t(axis)))
      result.dims.push_back(dim);
    else if (dim.isAtLeast(2) || dim.isConstant(0))
      return op.emitOpError("expects dimension ")
             << axis << " of " << describe(data.dims) << " to be 1";
  }
  result.takeElements(data);
  context.setFacts(op.getSqueezed(), std::move(result));
  return success();
}

static LogicalResult inferUnsqueeze(UnsqueezeOp op, ShapeContext &context) {
  const TensorFacts &data = context.facts(op.getData());
  std::optional<SmallVector<int64_t>> values = constantIntegers(context, op.getAxes());
  if (!values)
    return moveUnknownAxes(op, context, data, context.facts(op.getAxes()), /*sign=*/1);
  int64_t rank = data.rank() + int64_t(values->size());
  FailureOr<SmallVector<int64_t>> axes = normalizeAxes(op, *values, rank);
  if (failed(axes))
    return failure();
  TensorFacts result(data.elementType, {});
  const DimExpr *next = data.dims.begin();
  for (int64_t axis = 0; axis < rank; ++axis)
    result.dims.push_back(llvm::is_contained(*axes, axis) ? DimExpr(1) : *next++);
  result.takeElements(data);
  context.setFacts(op.getExpanded(), std::move(result));
  return success();
}

static LogicalResult inferTranspose(TransposeOp op, ShapeContext &context) {
  const TensorFacts &data = context.facts(op.getData());
  SmallVector<int64_t> perm(data.rank());
  std::iota(perm.rbegin(), perm.rend(), 0);
  if (std::optional<ArrayRef<int64_t>> given = op.getPerm()) {
    FailureOr<SmallVector<int64_t>> axes = normalizeAxes(op, *given, data.rank());
    if (failed(axes))
      return failure();
    if (int64_t(axes->size()) != data.rank())
      return op.emitOpError("has a permutation of ")
             << axes->size() << " axes for an operand of rank " << data.rank();
    perm = *axes;
  }
  TensorFacts result(data.elementType, {});
  for (int64_t axis : perm)
    result.dims.push_back(data.dims[axis]);
  if (std::optional<SmallVector<int64_t>> shape = result.staticShape();
      shape && result.trackedCount()) {
    SmallVector<int64_t> positions, source(perm.size());
    forEachIndex(*shape, [&](ArrayRef<int64_t> index) {
      for (auto [axis, at] : llvm::zip(perm, index))
        source[axis] = at;
      positions.push_back(positionOf(source, *data.staticShape()));
    });
    result.takeElements(data, positions);
  }
  context.setFacts(op.getTransposed(), std::move(result));
  return success();
}

/// Contents of a result whose element at an index comes from the operand's element at that index,
/// modulo the operand's dimensions.
static void repeatContents(const TensorFacts &input, TensorFacts &result) {
  std::optional<SmallVector<int64_t>> from = input.staticShape(), to = result.staticShape();
  if (!from || !to || !result.trackedCount())
    return;
  SmallVector<int64_t> own(to->size() - from->size(), 1), positions, source(to->size());
  llvm::append_range(own, *from);
  forEachIndex(*to, [&](ArrayRef<int64_t> index) {
    for (auto [at, wanted, size] : llvm::zip(source, index, own))
      at = wanted % size;
    positions.push_back(positionOf(source, own));
  });
  result.takeElements(input, positions);
}

static LogicalResult inferExpand(ExpandOp op, ShapeContext &context) {
  const TensorFacts &input = context.facts(op.getInput()), &shape = context.facts(op.getShape());
  FailureOr<int64_t> wanted = rankGivenBy(op, shape);
  if (failed(wanted))
    return failure();
  int64_t rank = std::max<int64_t>(*wanted, input.rank());
  TensorFacts result(input.elementType, {});
  for (int64_t axis = 0; axis < rank; ++axis) {
    int64_t own = axis - (rank - input.rank()), asked = axis - (rank - *wanted);
    DimExpr dim = own >= 0 ? input.dims[own] : DimExpr(1);
    DimExpr size = asked < 0        ? DimExpr(1)
                   : shape.integers ? (*shape.integers)[asked]
                                    : DimExpr::unknown();
    if (!size.isKnown()) {
      // A dimension greater than one can only stay as it is.
      if (!dim.isAtLeast(2))
        dim = context.freshSymbol(op.getOutput(), axis);
    } else if (FailureOr<DimExpr> joined = broadcastDim(op, dim, size); succeeded(joined)) {
      dim = *joined;
    } else {
      return failure();
    }
    result.dims.push_back(dim);
  }
  repeatContents(input, result);
  context.setFacts(op.getOutput(), std::move(result));
  return success();
}

static LogicalResult inferTile(TileOp op, ShapeContext &context) {
  const TensorFacts &input = context.facts(op.getInput());
  const TensorFacts &repeats = context.facts(op.getRepeats());
  if (failed(expectRank(op, "repeats", repeats, 1)))
    return failure();
  if (std::optional<int64_t> count = repeats.dims[0].asConstant(); count && *count != input.rank())
    return op.emitOpError("has ") << *count << " repeats for " << describe(input.dims);
  TensorFacts result(input.elementType, {});
  for (int64_t axis = 0; axis < input.rank(); ++axis) {
    DimExpr times = repeats.integers ? (*repeats.integers)[axis] : DimExpr::unknown();
    result.dims.push_back(times.isKnown() ? input.dims[axis] * times
                                          : context.freshSymbol(op.getOutput(), axis));
  }
  repeatContents(input, result);
  context.setFacts(op.getOutput(), std::move(result));
  return success();
}

/// blocksize of DepthToSpace and SpaceToDepth.
static LogicalResult expectBlock(Operation *op, const TensorFacts &input, int64_t block) {
  if (failed(expectRank(op, "an operand", input, 4)))
    return failure();
  if (block < 1)
    return op->emitOpError("has block size ") << block << ", expected one or more";
  return success();
}

static LogicalResult inferDepthToSpace(DepthToSpaceOp op, ShapeContext &context) {
  const TensorFacts &input = context.facts(op.getInput());
  int64_t block = op.getBlocksize();
  if (failed(expectBlock(op, input, block)))
    return failure();
  DimExpr area = DimExpr(block) * block;
  if (std::optional<int64_t> depth = input.dims[1].asConstant();
      depth && !input.dims[1].divideExactly(area))
    return op.emitOpError("cannot divide ") << *depth << " channels by " << area.str();
  context.setFacts(
      op.getOutput(), input.elementType,
      {input.dims[0], input.dims[1].floorDiv(area), input.dims[2] * block, input.dims[3] * block});
  return success();
}

static LogicalResult inferSpaceToDepth(SpaceToDepthOp op, ShapeContext &context) {
  const TensorFacts &input = context.facts(op.getInput());
  int64_t block = op.getBlocksize();
  if (failed(expectBlock(op, input, block)))
    return failure();
  for (int64_t axis : {2, 3})
    if (input.dims[axis].asConstant() && !input.dims[axis].divideExactly(block))
      return op.emitOpError("cannot divide ")
             << describe(input.dims) << " into blocks of " << block;
  context.setFacts(op.getOutput(), input.elementType,
                   {input.dims[0], input.dims[1] * block * block, input.dims[2].floorDiv(block),
                    input.dims[3].floorDiv(block)});
  return success();
}

void heddle::onnx::attachLayoutShapes(MLIRContext *context) {
  attachRules<inferReshape, inferFlatten, inferSqueeze, inferUnsqueeze, inferTranspose, inferExpand,
              inferTile, inferDepthToSpace, inferSpaceToDepth>(context);
}
