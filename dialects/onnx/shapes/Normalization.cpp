// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Normalisations, and losses over classes.

#include "dialects/onnx/shapes/ShapeRules.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

/// Checks that a parameter has one value for each channel, which is axis 1.
static LogicalResult expectPerChannel(Operation *op, StringRef what, const TensorFacts &x,
                                      const TensorFacts &parameter) {
  if (failed(expectRank(op, what, parameter, 1)))
    return failure();
  return success(succeeded(
      unifyDims(op, "channels", x.rank() > 1 ? x.dims[1] : DimExpr(1), parameter.dims[0])));
}

static LogicalResult inferBatchNormalization(BatchNormalizationOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX()), &mean = context.facts(op.getInputMean());
  for (Value parameter : {op.getScale(), op.getB(), op.getInputMean(), op.getInputVar()})
    if (failed(expectPerChannel(op, "parameters", x, context.facts(parameter))))
      return failure();
  context.setFacts(op.getY(), x.elementType, x.dims);
  for (Value statistic : {op.getRunningMean(), op.getRunningVar()})
    if (statistic)
      context.setFacts(statistic, mean.elementType, mean.dims);
  return success();
}

static LogicalResult inferInstanceNormalization(InstanceNormalizationOp op, ShapeContext &context) {
  const TensorFacts &input = context.facts(op.getInput());
  if (failed(expectRankAtLeast(op, "an operand", input, 2)) ||
      failed(expectPerChannel(op, "a scale", input, context.facts(op.getScale()))) ||
      failed(expectPerChannel(op, "a bias", input, context.facts(op.getB()))))
    return failure();
  context.setFacts(op.getOutput(), input.elementType, input.dims);
  return success();
}

static LogicalResult inferGroupNormalization(GroupNormalizationOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX());
  int64_t groups = op.getNumGroups();
  if (failed(expectRankAtLeast(op, "an operand", x, 2)))
    return failure();
  if (groups < 1 || (x.dims[1].asConstant() && !x.dims[1].divideExactly(groups)))
    return op.emitOpError("cannot divide ")
           << describe(x.dims) << " into " << groups << " groups of channels";
  context.setFacts(op.getY(), x.elementType, x.dims);
  return success();
}

static LogicalResult inferLayerNormalization(LayerNormalizationOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX());
  FailureOr<int64_t> axis = normalizeAxis(op, int64_t(op.getAxis()), x.rank());
  if (failed(axis))
    return failure();
  context.setFacts(op.getY(), x.elementType, x.dims);
  if (!op.getMean() && !op.getInvStdDev())
    return success();
  FailureOr<Type> type = elementTypeOf(op, int64_t(op.getStashType()));
  if (failed(type))
    return failure();
  Dims dims = x.dims;
  for (int64_t i = *axis; i < x.rank(); ++i)
    dims[i] = 1;
  for (Value statistic : {op.getMean(), op.getInvStdDev()})
    if (statistic)
      context.setFacts(statistic, *type, dims);
  return success();
}

static LogicalResult inferRMSNormalization(RMSNormalizationOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX());
  if (failed(normalizeAxis(op, int64_t(op.getAxis()), x.rank())))
    return failure();
  context.setFacts(op.getY(), context.facts(op.getScale()).elementType, x.dims);
  return success();
}

static LogicalResult inferLRN(LRNOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX());
  if (failed(expectRankAtLeast(op, "an operand", x, 3)))
    return failure();
  if (int64_t size = op.getSize(); size < 1)
    return op.emitOpError("has ") << size << " channels around each, expected one or more";
  context.setFacts(op.getY(), x.elementType, x.dims);
  return success();
}

static LogicalResult inferMeanVariance(MeanVarianceNormalizationOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX());
  static constexpr int64_t kAllButChannels[] = {0, 2, 3};
  if (failed(normalizeAxes(op, op.getAxes().value_or(kAllButChannels), x.rank())))
    return failure();
  context.setFacts(op.getY(), x.elementType, x.dims);
  return success();
}

static LogicalResult inferNegativeLogLikelihood(NegativeLogLikelihoodLossOp op,
                                                ShapeContext &context) {
  const TensorFacts &input = context.facts(op.getInput());
  if (failed(expectRankAtLeast(op, "an operand", input, 2)) ||
      failed(expectRank(op, "a target", context.facts(op.getTarget()), input.rank() - 1)))
    return failure();
  bool reduces = op.getReduction() != "none";
  context.setFacts(op.getLoss(), input.elementType,
                   reduces ? Dims() : context.facts(op.getTarget()).dims);
  return success();
}

static LogicalResult inferSoftmaxCrossEntropy(SoftmaxCrossEntropyLossOp op, ShapeContext &context) {
  const TensorFacts &scores = context.facts(op.getScores());
  if (failed(expectRankAtLeast(op, "scores", scores, 2)) ||
      failed(expectRank(op, "labels", context.facts(op.getLabels()), scores.rank() - 1)))
    return failure();
  bool reduces = op.getReduction() != "none";
  context.setFacts(op.getOutput(), scores.elementType,
                   reduces ? Dims() : context.facts(op.getLabels()).dims);
  if (op.getLogProb())
    context.setFacts(op.getLogProb(), scores.elementType, scores.dims);
  return success();
}

void heddle::onnx::attachNormalizationShapes(MLIRContext *context) {
  attachRules<inferBatchNormalization, inferInstanceNormalization, inferGroupNormalization,
              inferLayerNormalization, inferRMSNormalization, inferLRN, inferMeanVariance,
              inferNegativeLogLikelihood, inferSoftmaxCrossEntropy>(context);
}
