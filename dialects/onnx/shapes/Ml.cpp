// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The numeric operators of ai.onnx.ml. A row of the operand is one example.

#include "dialects/onnx/shapes/ShapeRules.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

/// The number of examples in (examples, features), or in one example of (features).
static FailureOr<DimExpr> countExamples(Operation *op, const TensorFacts &x) {
  if (x.rank() == 1)
    return DimExpr(1);
  if (failed(expectRank(op, "an operand", x, 2)))
    return failure();
  return x.dims[0];
}

static LogicalResult sameAsX(Operation *op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op->getOperand(0));
  context.setFacts(op->getResult(0), x.elementType, x.dims);
  return success();
}

static LogicalResult floatLikeX(Operation *op, ShapeContext &context) {
  context.setFacts(op->getResult(0), Float32Type::get(op->getContext()),
                   context.facts(op->getOperand(0)).dims);
  return success();
}

static LogicalResult inferArrayFeatureExtractor(MlArrayFeatureExtractorOp op,
                                                ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX());
  if (failed(expectRankAtLeast(op, "an operand", x, 1)))
    return failure();
  Dims dims = x.dims;
  dims.back() = countElements(context.facts(op.getY()).dims);
  if (x.rank() == 1)
    dims.insert(dims.begin(), DimExpr(1));
  context.setFacts(op.getZ(), x.elementType, dims);
  return success();
}

static LogicalResult inferFeatureVectorizer(MlFeatureVectorizerOp op, ShapeContext &context) {
  if (op.getX().empty())
    return op.emitOpError("has no operands, expected one or more");
  DimExpr width = 0;
  for (Value x : op.getX()) {
    const TensorFacts &facts = context.facts(x);
    if (failed(countExamples(op, facts)))
      return failure();
    width = width + facts.dims.back();
  }
  if (std::optional<ArrayRef<int64_t>> given = op.getInputdimensions()) {
    width = 0;
    for (int64_t size : *given)
      width = width + size;
  }
  FailureOr<DimExpr> examples = countExamples(op, context.facts(op.getX().front()));
  context.setFacts(op.getY(), Float32Type::get(op.getContext()), {*examples, width});
  return success();
}

static LogicalResult inferLabelEncoder(MlLabelEncoderOp op, ShapeContext &context) {
  Type type;
  if (op.getValuesTensorAttr())
    type = op.getValuesTensorAttr().getElementType();
  else if (op.getValuesInt64s())
    type = IntegerType::get(op.getContext(), 64);
  else if (op.getValuesFloats())
    type = Float32Type::get(op.getContext());
  else
    return op.emitOpError("has values that are strings, which are not supported");
  context.setFacts(op.getY(), type, context.facts(op.getX()).dims);
  return success();
}

static LogicalResult inferOneHotEncoder(MlOneHotEncoderOp op, ShapeContext &context) {
  Dims dims = context.facts(op.getX()).dims;
  if (std::optional<ArrayRef<int64_t>> categories = op.getCatsInt64s())
    dims.push_back(int64_t(categories->size()));
  else if (std::optional<ArrayAttr> categories = op.getCatsStrings())
    dims.push_back(int64_t(categories->size()));
  else
    return op.emitOpError("has no categories");
  context.setFacts(op.getY(), Float32Type::get(op.getContext()), dims);
  return success();
}

/// LinearClassifier and SVMClassifier: labels, and a score for each class.
template <typename Op>
static LogicalResult setClasses(Op op, ShapeContext &context, int64_t scores) {
  FailureOr<DimExpr> examples = countExamples(op, context.facts(op.getX()));
  if (failed(examples))
    return failure();
  if (op.getClasslabelsStrings() && !op.getClasslabelsStrings()->empty())
    return op.emitOpError("has labels that are strings, which are not supported");
  context.setFacts(op.getY(), IntegerType::get(op.getContext(), 64), {*examples});
  context.setFacts(op.getZ(), Float32Type::get(op.getContext()), {*examples, scores});
  return success();
}

template <typename Op> static int64_t countLabels(Op op) {
  std::optional<ArrayRef<int64_t>> labels = op.getClasslabelsInts();
  return labels ? labels->size() : 0;
}

static LogicalResult inferLinearClassifier(MlLinearClassifierOp op, ShapeContext &context) {
  std::optional<ArrayRef<float>> intercepts = op.getIntercepts();
  return setClasses(op, context,
                    std::max<int64_t>(countLabels(op), intercepts ? intercepts->size() : 1));
}

static LogicalResult inferSVMClassifier(MlSVMClassifierOp op, ShapeContext &context) {
  int64_t classes = countLabels(op);
  bool isPairwise = op.getSupportVectors() && !op.getSupportVectors()->empty() &&
                    !(op.getProbA() && !op.getProbA()->empty());
  // Without probabilities each pair of classes has a score; two classes have one each.
  bool hasPairs = isPairwise && classes > 2;
  return setClasses(op, context, hasPairs ? classes * (classes - 1) / 2 : classes);
}

template <typename Op>
static LogicalResult setTargets(Op op, ShapeContext &context, Type type, int64_t targets) {
  FailureOr<DimExpr> examples = countExamples(op, context.facts(op.getX()));
  if (failed(examples))
    return failure();
  context.setFacts(op.getY(), type, {*examples, targets});
  return success();
}

static LogicalResult inferLinearRegressor(MlLinearRegressorOp op, ShapeContext &context) {
  return setTargets(op, context, Float32Type::get(op.getContext()), int64_t(op.getTargets()));
}

static LogicalResult inferSVMRegressor(MlSVMRegressorOp op, ShapeContext &context) {
  return setTargets(op, context, Float32Type::get(op.getContext()), 1);
}

static LogicalResult inferTreeEnsemble(MlTreeEnsembleOp op, ShapeContext &context) {
  return setTargets(op, context, context.facts(op.getX()).elementType,
                    int64_t(op.getNTargets().value_or(1)));
}

void heddle::onnx::attachMlShapes(MLIRContext *context) {
  attachRuleTo<sameAsX, MlBinarizerOp, MlImputerOp>(context);
  attachRuleTo<floatLikeX, MlNormalizerOp, MlScalerOp>(context);
  attachRules<inferArrayFeatureExtractor, inferFeatureVectorizer, inferLabelEncoder,
              inferOneHotEncoder, inferLinearClassifier, inferSVMClassifier, inferLinearRegressor,
              inferSVMRegressor, inferTreeEnsemble>(context);
}
