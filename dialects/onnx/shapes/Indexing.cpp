// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators that read or write elements at computed places, or as many as data says.

#include "dialects/onnx/shapes/ShapeRules.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

static LogicalResult expectIndices(Operation *op, const TensorFacts &indices) {
  if (indices.elementType.isSignlessInteger(32) || indices.elementType.isSignlessInteger(64))
    return success();
  return op->emitOpError("expects indices of i32 or i64, got ") << indices.elementType;
}

/// Contents of a Gather: known where the index is a constant and the element is known.
static LogicalResult gatherContents(GatherOp op, const TensorFacts &data,
                                    const TensorFacts &indices, int64_t axis, TensorFacts &result) {
  std::optional<int64_t> size = data.dims[axis].asConstant();
  std::optional<SmallVector<int64_t>> at = indices.constantIntegers();
  if (!size || !at)
    return success();
  for (int64_t &index : *at) {
    if (index < -*size || index >= *size)
      return op.emitOpError("has index ")
             << index << " for axis " << axis << " of " << describe(data.dims);
    index += index < 0 ? *size : 0;
  }
  std::optional<int64_t> count = result.trackedCount();
  if (!count || !data.trackedCount())
    return success();
  int64_t inner = 1;
  for (int64_t i = axis + 1; i < data.rank(); ++i)
    inner *= *data.dims[i].asConstant();
  SmallVector<int64_t> positions;
  for (int64_t row = 0; int64_t(positions.size()) < *count; ++row)
    for (int64_t index : *at)
      for (int64_t column = 0; column < inner; ++column)
        positions.push_back((row * *size + index) * inner + column);
  result.takeElements(data, positions);
  return success();
}

static LogicalResult inferGather(GatherOp op, ShapeContext &context) {
  const TensorFacts &data = context.facts(op.getData()), &indices = context.facts(op.getIndices());
  FailureOr<int64_t> axis = normalizeAxis(op, int64_t(op.getAxis()), data.rank());
  if (failed(axis) || failed(expectIndices(op, indices)))
    return failure();
  ArrayRef<DimExpr> dims = data.dims;
  TensorFacts result(data.elementType, Dims(dims.take_front(*axis)));
  llvm::append_range(result.dims, indices.dims);
  llvm::append_range(result.dims, dims.drop_front(*axis + 1));
  if (failed(gatherContents(op, data, indices, *axis, result)))
    return failure();
  context.setFacts(op.getOutput(), std::move(result));
  return success();
}

static LogicalResult inferGatherElements(GatherElementsOp op, ShapeContext &context) {
  const TensorFacts &data = context.facts(op.getData()), &indices = context.facts(op.getIndices());
  if (failed(normalizeAxis(op, int64_t(op.getAxis()), data.rank())) ||
      failed(expectRank(op, "indices", indices, data.rank())) || failed(expectIndices(op, indices)))
    return failure();
  context.setFacts(op.getOutput(), data.elementType, indices.dims);
  return success();
}

static LogicalResult inferGatherND(GatherNDOp op, ShapeContext &context) {
  const TensorFacts &data = context.facts(op.getData()), &indices = context.facts(op.getIndices());
  int64_t batch = op.getBatchDims();
  if (failed(expectRankAtLeast(op, "indices", indices, 1)))
    return failure();
  std::optional<int64_t> width = indices.dims.back().asConstant();
  if (!width)
    return op.emitOpError(
               "cannot tell the rank of its result: the last dimension of its indices is ")
           << indices.dims.back().str();
  if (batch < 0 || batch >= std::min(data.rank(), indices.rank()) || *width < 1 ||
      *width > data.rank() - batch)
    return op.emitOpError("cannot index ")
           << describe(data.dims) << " with " << describe(indices.dims) << " and " << batch
           << " batch dimensions";
  Dims dims(ArrayRef<DimExpr>(indices.dims).drop_back());
  for (int64_t axis = 0; axis < batch; ++axis) {
    FailureOr<DimExpr> dim = unifyDims(op, "batch dimensions", data.dims[axis], indices.dims[axis]);
    if (failed(dim))
      return failure();
    dims[axis] = *dim;
  }
  llvm::append_range(dims, ArrayRef<DimExpr>(data.dims).drop_front(batch + *width));
  context.setFacts(op.getOutput(), data.elementType, dims);
  return success();
}

template <typename Op> static LogicalResult inferScatter(Op op, ShapeContext &context) {
  const TensorFacts &data = context.facts(op.getData());
  if (failed(expectSameType(op, data, context.facts(op.getUpdates()))))
    return failure();
  context.setFacts(op.getOutput(), data.elementType, data.dims);
  return success();
}

static LogicalResult inferScatterElements(ScatterElementsOp op, ShapeContext &context) {
  const TensorFacts &data = context.facts(op.getData()), &indices = context.facts(op.getIndices());
  if (failed(normalizeAxis(op, int64_t(op.getAxis()), data.rank())) ||
      failed(expectRank(op, "indices", indices, data.rank())) ||
      failed(expectRank(op, "updates", context.facts(op.getUpdates()), data.rank())))
    return failure();
  return inferScatter(op, context);
}

static LogicalResult inferTensorScatter(TensorScatterOp op, ShapeContext &context) {
  const TensorFacts &cache = context.facts(op.getPastCache());
  const TensorFacts &update = context.facts(op.getUpdate());
  if (failed(normalizeAxis(op, int64_t(op.getAxis()), cache.rank())) ||
      failed(expectRank(op, "an update", update, cache.rank())) ||
      failed(expectSameType(op, cache, update)))
    return failure();
  context.setFacts(op.getPresentCache(), cache.elementType, cache.dims);
  return success();
}

static LogicalResult inferReverseSequence(ReverseSequenceOp op, ShapeContext &context) {
  const TensorFacts &input = context.facts(op.getInput());
  if (failed(expectRankAtLeast(op, "an operand", input, 2)) ||
      failed(normalizeAxis(op, int64_t(op.getBatchAxis()), input.rank())) ||
      failed(normalizeAxis(op, int64_t(op.getTimeAxis()), input.rank())))
    return failure();
  context.setFacts(op.getY(), input.elementType, input.dims);
  return success();
}

static LogicalResult inferOneHot(OneHotOp op, ShapeContext &context) {
  const TensorFacts &indices = context.facts(op.getIndices());
  FailureOr<int64_t> axis = normalizeAxis(op, int64_t(op.getAxis()), indices.rank() + 1);
  if (failed(axis))
    return failure();
  std::optional<std::vector<DimExpr>> depth = integerContents(context.facts(op.getDepth()));
  Dims dims = indices.dims;
  dims.insert(dims.begin() + *axis,
              dimOrFresh(context, depth ? &*depth : nullptr, 0, op.getOutput(), *axis));
  context.setFacts(op.getOutput(), context.facts(op.getValues()).elementType, dims);
  return success();
}

static LogicalResult inferCompress(CompressOp op, ShapeContext &context) {
  const TensorFacts &input = context.facts(op.getInput());
  std::optional<DimExpr> kept;
  if (std::optional<SmallVector<int64_t>> condition = constantIntegers(context, op.getCondition()))
    kept = llvm::count(*condition, 1);
  if (!op.getAxis()) {
    context.setFacts(op.getOutput(), input.elementType,
                     {kept ? *kept : context.freshSymbol(op.getOutput(), 0)});
    return success();
  }
  FailureOr<int64_t> axis = normalizeAxis(op, int64_t(*op.getAxis()), input.rank());
  if (failed(axis))
    return failure();
  Dims dims = input.dims;
  dims[*axis] = kept ? *kept : context.freshSymbol(op.getOutput(), *axis);
  context.setFacts(op.getOutput(), input.elementType, dims);
  return success();
}

/// Whether every element is the same number that is not zero.
static bool isFilledWithNonZero(Value value) {
  auto fill = value.getDefiningOp<ConstantOfShapeOp>();
  auto number = fill ? dyn_cast_or_null<DenseElementsAttr>(fill.getValueAttr()) : nullptr;
  if (!number || !number.isSplat())
    return false;
  if (isa<FloatType>(number.getElementType()))
    return number.getSplatValue<APFloat>().isNonZero();
  return isa<IntegerType>(number.getElementType()) && !number.getSplatValue<APInt>().isZero();
}

static LogicalResult inferNonZero(NonZeroOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX());
  // A scalar counts as a vector of one element.
  int64_t rank = std::max<int64_t>(x.rank(), 1);
  TensorFacts result(IntegerType::get(op.getContext(), 64), {rank, 0});
  if (std::optional<SmallVector<int64_t>> values = x.constantIntegers()) {
    SmallVector<int64_t> shape = *x.staticShape();
    if (shape.empty())
      shape = {1};
    std::vector<std::vector<DimExpr>> found(rank);
    size_t next = 0;
    forEachIndex(shape, [&](ArrayRef<int64_t> index) {
      if ((*values)[next++] != 0)
        for (int64_t axis = 0; axis < rank; ++axis)
          found[axis].push_back(index[axis]);
    });
    result.dims[1] = int64_t(found[0].size());
    result.integers.emplace();
    for (const std::vector<DimExpr> &row : found)
      llvm::append_range(*result.integers, row);
  } else if (isFilledWithNonZero(op.getX())) {
    result.dims[1] = countElements(x.dims);
  } else {
    result.dims[1] = context.freshSymbol(op.getY(), 1);
  }
  context.setFacts(op.getY(), std::move(result));
  return success();
}

static LogicalResult inferUnique(UniqueOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX());
  DimExpr all = countElements(x.dims);
  int64_t axis = 0;
  Dims dims(1, DimExpr(0));
  if (op.getAxis()) {
    FailureOr<int64_t> normalized = normalizeAxis(op, int64_t(*op.getAxis()), x.rank());
    if (failed(normalized))
      return failure();
    axis = *normalized;
    all = x.dims[axis];
    dims = x.dims;
  }
  DimExpr count = context.freshSymbol(op.getY(), axis);
  dims[axis] = count;
  Type i64 = IntegerType::get(op.getContext(), 64);
  context.setFacts(op.getY(), x.elementType, dims);
  if (op.getIndices())
    context.setFacts(op.getIndices(), i64, {count});
  if (op.getInverseIndices())
    context.setFacts(op.getInverseIndices(), i64, {all});
  if (op.getCounts())
    context.setFacts(op.getCounts(), i64, {count});
  return success();
}

static LogicalResult inferTopK(TopKOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX()), &k = context.facts(op.getK());
  FailureOr<int64_t> axis = normalizeAxis(op, int64_t(op.getAxis()), x.rank());
  if (failed(axis))
    return failure();
  Dims dims = x.dims;
  dims[*axis] = dimOrFresh(context, k.integers ? &*k.integers : nullptr, 0, op.getValues(), *axis);
  if (std::optional<int64_t> wanted = dims[*axis].asConstant(), has = x.dims[*axis].asConstant();
      wanted && has && *wanted > *has)
    return op.emitOpError("takes the top ") << *wanted << " of " << *has << " elements";
  context.setFacts(op.getValues(), x.elementType, dims);
  context.setFacts(op.getIndices(), IntegerType::get(op.getContext(), 64), dims);
  return success();
}

void heddle::onnx::attachIndexingShapes(MLIRContext *context) {
  attachRules<inferGather, inferGatherElements, inferGatherND, inferScatterElements,
              inferScatter<ScatterNDOp>, inferTensorScatter, inferReverseSequence, inferOneHot,
              inferCompress, inferNonZero, inferUnique, inferTopK>(context);
}
