// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions over axes.

#include "dialects/onnx/shapes/ShapeRules.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

/// Contents of a sum, product, least or greatest over some axes.
template <typename Op>
static void reduceContents(const TensorFacts &data, ArrayRef<int64_t> axes, TensorFacts &result) {
  constexpr bool isSum = std::is_same_v<Op, ReduceSumOp>, isProd = std::is_same_v<Op, ReduceProdOp>;
  constexpr bool isMin = std::is_same_v<Op, ReduceMinOp>, isMax = std::is_same_v<Op, ReduceMaxOp>;
  if constexpr (isSum || isProd || isMin || isMax) {
    std::optional<SmallVector<int64_t>> shape = data.staticShape();
    if (!data.integers || !shape || !result.trackedCount())
      return;
    SmallVector<int64_t> kept = *shape;
    for (int64_t axis : axes)
      kept[axis] = 1;
    std::vector<std::optional<DimExpr>> sums(*result.trackedCount());
    size_t next = 0;
    forEachIndex(*shape, [&](ArrayRef<int64_t> index) {
      const DimExpr &element = (*data.integers)[next++];
      std::optional<DimExpr> &sum = sums[positionOf(index, kept)];
      if (!sum)
        sum = element;
      else
        sum = isSum    ? *sum + element
              : isProd ? *sum * element
              : isMin  ? DimExpr::min(*sum, element)
                       : DimExpr::max(*sum, element);
    });
    result.integers.emplace();
    for (const std::optional<DimExpr> &sum : sums)
      result.integers->push_back(sum               ? *sum
                                 : isSum || isProd ? DimExpr(isProd ? 1 : 0)
                                                   : DimExpr::unknown());
  }
}

template <typename Op> static LogicalResult inferReduce(Op op, ShapeContext &context) {
  const TensorFacts &data = context.facts(op.getData());
  int64_t rank = data.rank();
  SmallVector<int64_t> given;
  const TensorFacts *axesFacts = optionalFacts(context, op.getAxes());
  if (axesFacts) {
    std::optional<SmallVector<int64_t>> values = axesFacts->constantIntegers();
    std::optional<int64_t> count = countElements(axesFacts->dims).asConstant();
    if (!values && count != 0) { // no axes are known ones
      // With keepdims the rank stays; without, as many dimensions go as there are axes.
      if (!op.getKeepdims() && !count)
        return op.emitOpError("cannot tell the rank of its result: the axes are not constant");
      int64_t left = op.getKeepdims() ? rank : rank - *count;
      if (left < 0)
        return op.emitOpError("has ") << *count << " axes for " << describe(data.dims);
      context.setFacts(op.getReduced(), data.elementType, context.freshDims(op.getReduced(), left));
      return success();
    }
    if (values)
      given = *values;
  }
  if (given.empty() && op.getNoopWithEmptyAxes()) {
    TensorFacts result(data.elementType, data.dims);
    reduceContents<Op>(data, {}, result);
    context.setFacts(op.getReduced(), std::move(result));
    return success();
  }
  if (given.empty())
    given = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  FailureOr<SmallVector<int64_t>> axes = normalizeAxes(op, given, rank);
  if (failed(axes))
    return failure();
  TensorFacts result(data.elementType, {});
  for (int64_t axis = 0; axis < rank; ++axis) {
    if (!llvm::is_contained(*axes, axis))
      result.dims.push_back(data.dims[axis]);
    else if (op.getKeepdims())
      result.dims.push_back(1);
  }
  reduceContents<Op>(data, *axes, result);
  context.setFacts(op.getReduced(), std::move(result));
  return success();
}

template <typename Op> static LogicalResult inferArg(Op op, ShapeContext &context) {
  const TensorFacts &data = context.facts(op.getData());
  FailureOr<int64_t> axis = normalizeAxis(op, int64_t(op.getAxis()), data.rank());
  if (failed(axis))
    return failure();
  Dims dims = data.dims;
  if (op.getKeepdims())
    dims[*axis] = 1;
  else
    dims.erase(dims.begin() + *axis);
  context.setFacts(op.getReduced(), IntegerType::get(op.getContext(), 64), dims);
  return success();
}

void heddle::onnx::attachReductionShapes(MLIRContext *context) {
  attachRules<inferReduce<ReduceL1Op>, inferReduce<ReduceL2Op>, inferReduce<ReduceLogSumOp>,
              inferReduce<ReduceLogSumExpOp>, inferReduce<ReduceMaxOp>, inferReduce<ReduceMeanOp>,
              inferReduce<ReduceMinOp>, inferReduce<ReduceProdOp>, inferReduce<ReduceSumOp>,
              inferReduce<ReduceSumSquareOp>, inferArg<ArgMaxOp>, inferArg<ArgMinOp>>(context);
}
