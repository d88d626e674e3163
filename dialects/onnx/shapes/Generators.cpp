// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators that make tensors from attributes, dimensions or numbers.

#include "dialects/onnx/shapes/ShapeRules.h"
#include "mlir/IR/Builders.h"

#include <cmath>

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

static LogicalResult inferConstant(ConstantOp op, ShapeContext &context) {
  Builder builder(op.getContext());
  TensorFacts facts;
  if (ElementsAttr value = op.getValueAttr()) {
    facts = TensorFacts::ofConstant(value);
  } else if (std::optional<uint64_t> number = op.getValueInt()) {
    facts = TensorFacts(builder.getI64Type(), {});
    facts.integers = std::vector<DimExpr>{int64_t(*number)};
  } else if (std::optional<ArrayRef<int64_t>> numbers = op.getValueInts()) {
    facts = TensorFacts(builder.getI64Type(), {int64_t(numbers->size())});
    facts.integers = std::vector<DimExpr>(numbers->begin(), numbers->end());
  } else if (std::optional<APFloat> number = op.getValueFloat()) {
    facts = TensorFacts(builder.getF32Type(), {});
    facts.floats = std::vector<double>{number->convertToFloat()};
  } else if (std::optional<ArrayRef<float>> numbers = op.getValueFloats()) {
    facts = TensorFacts(builder.getF32Type(), {int64_t(numbers->size())});
    facts.floats = std::vector<double>(numbers->begin(), numbers->end());
  } else {
    return op.emitOpError("has no value of a supported kind (strings and sparse tensors are not)");
  }
  context.setFacts(op.getOutput(), std::move(facts));
  return success();
}

static LogicalResult inferConstantOfShape(ConstantOfShapeOp op, ShapeContext &context) {
  const TensorFacts &shape = context.facts(op.getInput());
  FailureOr<int64_t> rank = rankGivenBy(op, shape);
  if (failed(rank))
    return failure();
  TensorFacts fill(Float32Type::get(op.getContext()), {1});
  fill.floats = std::vector<double>{0.0};
  if (ElementsAttr value = op.getValueAttr()) {
    fill = TensorFacts::ofConstant(value);
    if (!countElements(fill.dims).isConstant(1))
      return op.emitOpError("expects a value of one element, got ") << describe(fill.dims);
  }
  TensorFacts result(fill.elementType, {});
  for (int64_t axis = 0; axis < *rank; ++axis)
    result.dims.push_back(dimOrFresh(context, shape.integers ? &*shape.integers : nullptr, axis,
                                     op.getOutput(), axis));
  if (std::optional<int64_t> count = result.trackedCount())
    result.takeElements(fill, SmallVector<int64_t>(*count, 0));
  context.setFacts(op.getOutput(), std::move(result));
  return success();
}

static LogicalResult inferShape(ShapeOp op, ShapeContext &context) {
  const TensorFacts &data = context.facts(op.getData());
  int64_t rank = data.rank();
  auto clamp = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank); };
  int64_t start = clamp(int64_t(op.getStart()));
  int64_t end = std::max(start, clamp(op.getEnd() ? int64_t(*op.getEnd()) : rank));
  TensorFacts result(IntegerType::get(op.getContext(), 64), {end - start});
  result.integers = std::vector<DimExpr>(data.dims.begin() + start, data.dims.begin() + end);
  context.setFacts(op.getShape(), std::move(result));
  return success();
}

static LogicalResult inferSize(SizeOp op, ShapeContext &context) {
  TensorFacts result(IntegerType::get(op.getContext(), 64), {});
  result.integers = std::vector<DimExpr>{countElements(context.facts(op.getData()).dims)};
  context.setFacts(op.getSize(), std::move(result));
  return success();
}

static LogicalResult inferRange(RangeOp op, ShapeContext &context) {
  const TensorFacts &start = context.facts(op.getStart()), &limit = context.facts(op.getLimit()),
                    &delta = context.facts(op.getDelta());
  if (failed(expectSameType(op, start, limit)) || failed(expectSameType(op, start, delta)))
    return failure();
  for (const TensorFacts *facts : {&start, &limit, &delta})
    if (!countElements(facts->dims).isConstant(1))
      return op.emitOpError("expects scalars, got ") << describe(facts->dims);
  TensorFacts result(start.elementType, {DimExpr::unknown()});
  std::optional<DimExpr> first = start.scalar(), last = limit.scalar(), step = delta.scalar();
  if (start.floats && limit.floats && delta.floats) {
    double count =
        std::ceil((limit.floats->front() - start.floats->front()) / delta.floats->front());
    if (std::isfinite(count) && count < 1e15)
      result.dims[0] = int64_t(std::max(count, 0.0));
  } else if (first && last && step) {
    if (step->isConstant(0))
      return op.emitOpError("has a step of 0");
    std::optional<int64_t> high = step->upperBound();
    // Of what sign the step is decides the way of rounding.
    if (step->isAtLeast(0))
      result.dims[0] = DimExpr::max((*last - *first).ceilDiv(*step), 0);
    else if (high && *high < 0)
      result.dims[0] = DimExpr::max((*first - *last).ceilDiv(-*step), 0);
  }
  if (!result.dims[0].isKnown())
    result.dims[0] = context.freshSymbol(op.getOutput(), 0);
  if (std::optional<int64_t> count = result.trackedCount(); count && first && step) {
    result.integers.emplace();
    for (int64_t i = 0; i < *count; ++i)
      result.integers->push_back(*first + *step * i);
  }
  context.setFacts(op.getOutput(), std::move(result));
  return success();
}

/// RandomNormal and RandomUniform.
template <typename Op> static LogicalResult inferRandom(Op op, ShapeContext &context) {
  FailureOr<Type> type = elementTypeOf(op, int64_t(op.getDtype()));
  if (failed(type))
    return failure();
  context.setFacts(op.getOutput(), *type, Dims(op.getShape().begin(), op.getShape().end()));
  return success();
}

/// Operators with the dimensions of their operand and a type that an attribute may choose.
template <typename Op> static LogicalResult inferLike(Op op, ShapeContext &context) {
  const TensorFacts &input = context.facts(op.getInput());
  FailureOr<Type> type = input.elementType;
  if (std::optional<uint64_t> chosen = op.getDtype())
    type = elementTypeOf(op, int64_t(*chosen));
  if (failed(type))
    return failure();
  context.setFacts(op.getOutput(), *type, input.dims);
  return success();
}

static LogicalResult inferEyeLike(EyeLikeOp op, ShapeContext &context) {
  if (failed(expectRank(op, "an operand", context.facts(op.getInput()), 2)))
    return failure();
  return inferLike(op, context);
}

static LogicalResult inferMultinomial(MultinomialOp op, ShapeContext &context) {
  const TensorFacts &input = context.facts(op.getInput());
  FailureOr<Type> type = elementTypeOf(op, int64_t(op.getDtype()));
  if (failed(type) || failed(expectRank(op, "an operand", input, 2)))
    return failure();
  context.setFacts(op.getOutput(), *type, {input.dims[0], int64_t(op.getSampleSize())});
  return success();
}

/// Windows of a size that is a number in the model.
template <typename Op> static LogicalResult inferWindow(Op op, ShapeContext &context) {
  FailureOr<Type> type = elementTypeOf(op, int64_t(op.getOutputDatatype()));
  if (failed(type))
    return failure();
  const TensorFacts &size = context.facts(op.getSize());
  context.setFacts(
      op.getOutput(), *type,
      {dimOrFresh(context, size.integers ? &*size.integers : nullptr, 0, op.getOutput(), 0)});
  return success();
}

static LogicalResult inferMelWeightMatrix(MelWeightMatrixOp op, ShapeContext &context) {
  FailureOr<Type> type = elementTypeOf(op, int64_t(op.getOutputDatatype()));
  if (failed(type))
    return failure();
  std::optional<DimExpr> length = context.facts(op.getDftLength()).scalar();
  std::optional<DimExpr> bins = context.facts(op.getNumMelBins()).scalar();
  context.setFacts(op.getOutput(), *type,
                   {length ? length->floorDiv(2) + 1 : context.freshSymbol(op.getOutput(), 0),
                    bins ? *bins : context.freshSymbol(op.getOutput(), 1)});
  return success();
}

void heddle::onnx::attachGeneratorShapes(MLIRContext *context) {
  attachRules<inferConstant, inferConstantOfShape, inferShape, inferSize, inferRange,
              inferRandom<RandomNormalOp>, inferRandom<RandomUniformOp>,
              inferLike<RandomNormalLikeOp>, inferLike<RandomUniformLikeOp>, inferLike<BernoulliOp>,
              inferEyeLike, inferMultinomial, inferWindow<BlackmanWindowOp>,
              inferWindow<HammingWindowOp>, inferWindow<HannWindowOp>, inferMelWeightMatrix>(
      context);
}
