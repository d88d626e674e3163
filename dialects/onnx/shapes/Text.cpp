// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators on text. What the elements of a string tensor are is up to the importer; dimensions
// follow all the same.

#include "dialects/onnx/shapes/ShapeRules.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

static LogicalResult inferStringConcat(StringConcatOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX()), &y = context.facts(op.getY());
  FailureOr<Dims> dims = broadcast(op, {x.dims, y.dims});
  if (failed(dims))
    return failure();
  context.setFacts(op.getZ(), x.elementType, *dims);
  return success();
}

static LogicalResult inferStringNormalizer(StringNormalizerOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX());
  if (x.rank() != 2 && failed(expectRank(op, "an operand", x, 1)))
    return failure();
  Dims dims = x.dims;
  if (op.getStopwords() && !op.getStopwords()->empty())
    dims.back() = context.freshSymbol(op.getY(), x.rank() - 1);
  context.setFacts(op.getY(), x.elementType, dims);
  return success();
}

static LogicalResult inferStringSplit(StringSplitOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX());
  Dims dims = x.dims;
  dims.push_back(context.freshSymbol(op.getY(), x.rank()));
  context.setFacts(op.getY(), x.elementType, dims);
  context.setFacts(op.getZ(), IntegerType::get(op.getContext(), 64), x.dims);
  return success();
}

static LogicalResult inferRegexFullMatch(RegexFullMatchOp op, ShapeContext &context) {
  context.setFacts(op.getY(), IntegerType::get(op.getContext(), 1), context.facts(op.getX()).dims);
  return success();
}

static LogicalResult inferTfIdfVectorizer(TfIdfVectorizerOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX());
  if (x.rank() != 2 && failed(expectRank(op, "an operand", x, 1)))
    return failure();
  int64_t width = 0;
  for (int64_t index : op.getNgramIndexes())
    width = std::max(width, index < INT32_MAX ? index + 1 : 0);
  Dims dims = x.dims;
  dims.back() = width;
  context.setFacts(op.getY(), Float32Type::get(op.getContext()), dims);
  return success();
}

void heddle::onnx::attachTextShapes(MLIRContext *context) {
  attachRules<inferStringConcat, inferStringNormalizer, inferStringSplit, inferRegexFullMatch,
              inferTfIdfVectorizer>(context);
}
