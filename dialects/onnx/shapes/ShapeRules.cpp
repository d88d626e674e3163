// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/onnx/shapes/ShapeRules.h"
#include "dialects/onnx/ShapeModels.h"
#include "dialects/onnx/shapes/Caches.h"
#include "mlir/IR/Builders.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

void heddle::onnx::registerShapeModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, OnnxDialect *) {
    for (auto attach : {
             attachArithmeticShapes,  attachBranchShapes,        attachCacheShapes,
             attachConcatShapes,      attachConvolutionShapes,   attachDetectionShapes,
             attachElementwiseShapes, attachGeneratorShapes,     attachIndexingShapes,
             attachLayoutShapes,      attachLoopShapes,          attachMatrixShapes,
             attachMlShapes,          attachNormalizationShapes, attachPoolingShapes,
             attachProductShapes,     attachQuantizationShapes,  attachReductionShapes,
             attachResizeShapes,      attachSequenceModelShapes, attachSignalShapes,
             attachSlicingShapes,     attachTextShapes,
         })
      attach(context);
  });
}

FailureOr<Type> heddle::onnx::elementTypeOf(Operation *op, int64_t onnxType) {
  Builder builder(op->getContext());
  auto signless = [&](unsigned width) -> Type { return builder.getIntegerType(width); };
  auto unsignedOf = [&](unsigned width) -> Type { return builder.getIntegerType(width, false); };
  switch (onnxType) {
  case 1:
    return Type(builder.getF32Type());
  case 2:
    return unsignedOf(8);
  case 3:
    return signless(8);
  case 4:
    return unsignedOf(16);
  case 5:
    return signless(16);
  case 6:
    return signless(32);
  case 7:
    return signless(64);
  case 9:
    return signless(1);
  case 10:
    return Type(builder.getF16Type());
  case 11:
    return Type(builder.getF64Type());
  case 12:
    return unsignedOf(32);
  case 13:
    return unsignedOf(64);
  case 14:
    return Type(ComplexType::get(builder.getF32Type()));
  case 15:
    return Type(ComplexType::get(builder.getF64Type()));
  case 16:
    return Type(builder.getBF16Type());
  case 17:
    return Type(Float8E4M3FNType::get(op->getContext()));
  case 18:
    return Type(Float8E4M3FNUZType::get(op->getContext()));
  case 19:
    return Type(Float8E5M2Type::get(op->getContext()));
  case 20:
    return Type(Float8E5M2FNUZType::get(op->getContext()));
  case 21:
    return unsignedOf(4);
  case 22:
    return signless(4);
  case 23:
    return Type(Float4E2M1FNType::get(op->getContext()));
  case 24:
    return Type(Float8E8M0FNUType::get(op->getContext()));
  case 25:
    return unsignedOf(2);
  case 26:
    return signless(2);
  default:
    return op->emitOpError("asks for element type ")
           << onnxType << (onnxType == 8 ? " (string)" : "") << ", which is not supported";
  }
}

FailureOr<int64_t> heddle::onnx::normalizeAxis(Operation *op, int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank)
    return op->emitOpError("has axis ")
           << axis << ", expected one in [" << -rank << ", " << rank << ")";
  return axis < 0 ? axis + rank : axis;
}

FailureOr<SmallVector<int64_t>> heddle::onnx::normalizeAxes(Operation *op, ArrayRef<int64_t> axes,
                                                            int64_t rank) {
  SmallVector<int64_t> normalized;
  for (int64_t axis : axes) {
    FailureOr<int64_t> positive = normalizeAxis(op, axis, rank);
    if (failed(positive))
      return failure();
    if (llvm::is_contained(normalized, *positive))
      return op->emitOpError("names axis ") << *positive << " twice";
    normalized.push_back(*positive);
  }
  return normalized;
}

std::string heddle::onnx::describe(ArrayRef<DimExpr> dims) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << '(';
  llvm::interleaveComma(dims, os);
  os << ')';
  return text;
}

LogicalResult heddle::onnx::expectRank(Operation *op, StringRef what, const TensorFacts &facts,
                                       int64_t rank) {
  if (facts.rank() == rank)
    return success();
  return op->emitOpError("expects ")
         << what << " of rank " << rank << ", got " << describe(facts.dims);
}

LogicalResult heddle::onnx::expectRankAtLeast(Operation *op, StringRef what,
                                              const TensorFacts &facts, int64_t rank) {
  if (facts.rank() >= rank)
    return success();
  return op->emitOpError("expects ")
         << what << " of rank " << rank << " or more, got " << describe(facts.dims);
}

LogicalResult heddle::onnx::expectFewDims(Operation *op, int64_t rank) {
  if (rank <= kMostDims)
    return success();
  return op->emitOpError("would have a result of ")
         << rank << " dimensions, at most " << kMostDims << " are supported";
}

FailureOr<int64_t> heddle::onnx::rankGivenBy(Operation *op, const TensorFacts &shape) {
  if (failed(expectRank(op, "a shape", shape, 1)))
    return failure();
  if (std::optional<int64_t> rank = shape.dims[0].asConstant()) {
    if (failed(expectFewDims(op, *rank)))
      return failure();
    return *rank;
  }
  return op->emitOpError("cannot tell the rank of its result: the shape has ")
         << shape.dims[0].str() << " elements";
}

LogicalResult heddle::onnx::expectSameType(Operation *op, const TensorFacts &lhs,
                                           const TensorFacts &rhs) {
  if (lhs.elementType == rhs.elementType)
    return success();
  return op->emitOpError("expects operands of one element type, got ")
         << lhs.elementType << " and " << rhs.elementType;
}

FailureOr<DimExpr> heddle::onnx::unifyDims(Operation *op, StringRef what, const DimExpr &lhs,
                                           const DimExpr &rhs) {
  std::optional<int64_t> left = lhs.asConstant(), right = rhs.asConstant();
  if (left && right && *left != *right)
    return op->emitOpError("expects equal ") << what << ", got " << *left << " and " << *right;
  return right ? rhs : lhs;
}

FailureOr<DimExpr> heddle::onnx::broadcastDim(Operation *op, const DimExpr &lhs,
                                              const DimExpr &rhs) {
  if (lhs == rhs || rhs.isConstant(1))
    return lhs;
  if (lhs.isConstant(1))
    return rhs;
  std::optional<int64_t> left = lhs.asConstant(), right = rhs.asConstant();
  if (left && right)
    return op->emitOpError("cannot broadcast dimensions ") << *left << " and " << *right;
  if (left || right)
    return left ? lhs : rhs;
  return DimExpr::max(lhs, rhs);
}

FailureOr<Dims> heddle::onnx::broadcast(Operation *op, ArrayRef<ArrayRef<DimExpr>> operands) {
  size_t rank = 0;
  for (ArrayRef<DimExpr> dims : operands)
    rank = std::max(rank, dims.size());
  Dims result(rank, DimExpr(1));
  for (ArrayRef<DimExpr> dims : operands) {
    for (size_t i = 0; i < dims.size(); ++i) {
      DimExpr &into = result[rank - dims.size() + i];
      FailureOr<DimExpr> joined = broadcastDim(op, into, dims[i]);
      if (failed(joined))
        return failure();
      into = *joined;
    }
  }
  return result;
}

const TensorFacts *heddle::onnx::optionalFacts(ShapeContext &context, Value value) {
  return value ? context.lookup(value) : nullptr;
}

std::optional<SmallVector<int64_t>> heddle::onnx::constantIntegers(ShapeContext &context,
                                                                   Value value) {
  const TensorFacts *facts = optionalFacts(context, value);
  return facts ? facts->constantIntegers() : std::nullopt;
}

std::optional<std::vector<DimExpr>> heddle::onnx::integerContents(const TensorFacts &facts) {
  if (facts.integers || !facts.floats)
    return facts.integers;
  std::vector<DimExpr> contents;
  for (double value : *facts.floats) {
    bool isIntegral = std::trunc(value) == value && std::abs(value) < 9.0e15;
    contents.push_back(isIntegral ? DimExpr(int64_t(value)) : DimExpr::unknown());
  }
  return contents;
}

DimExpr heddle::onnx::dimOrFresh(ShapeContext &context, const std::vector<DimExpr> *contents,
                                 int64_t position, Value result, int64_t axis) {
  if (contents && position < int64_t(contents->size()) && (*contents)[position].isKnown())
    return (*contents)[position];
  return context.freshSymbol(result, axis);
}
