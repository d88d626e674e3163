// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the rules of all operator families share. A rule is a function
//
//   static LogicalResult inferTranspose(TransposeOp op, ShapeContext &context) {
//     const TensorFacts &data = context.facts(op.getData());
//     ...
//     context.setFacts(op.getTransposed(), data.elementType, dims);
//     return success();
//   }
//
// and is attached to its operation by attachRules<inferTranspose, ...>(context). Rules that serve
// several operations take an Operation * and are attached by attachRuleTo<rule, AbsOp, ...>.

#ifndef HEDDLE_DIALECTS_ONNX_SHAPES_SHAPERULES_H
#define HEDDLE_DIALECTS_ONNX_SHAPES_SHAPERULES_H

#include "dialects/onnx/Onnx.h"
#include "dialects/onnx/ShapeContext.h"

namespace heddle::onnx {

using llvm::ArrayRef;
using llvm::FailureOr;
using llvm::LogicalResult;
using llvm::SmallVector;
using llvm::StringRef;
using mlir::failed;
using mlir::failure;
using mlir::Operation;
using mlir::success;
using mlir::Type;
using mlir::Value;

template <typename Op> Op operationOf(LogicalResult (*)(Op, ShapeContext &));

template <auto rule, typename Op>
struct RuleModel : ShapeInference::ExternalModel<RuleModel<rule, Op>, Op> {
  LogicalResult inferFacts(Operation *op, ShapeContext &context) const {
    if constexpr (std::is_same_v<decltype(operationOf(rule)), Operation *>)
      return rule(op, context);
    else
      return rule(mlir::cast<Op>(op), context);
  }
};

template <auto... rules> void attachRules(mlir::MLIRContext *context) {
  (decltype(operationOf(
       rules))::template attachInterface<RuleModel<rules, decltype(operationOf(rules))>>(*context),
   ...);
}

template <auto rule, typename... Ops> void attachRuleTo(mlir::MLIRContext *context) {
  (Ops::template attachInterface<RuleModel<rule, Ops>>(*context), ...);
}

/// One function for each family, called by registerShapeModels.
void attachArithmeticShapes(mlir::MLIRContext *context);
void attachBranchShapes(mlir::MLIRContext *context);
void attachConcatShapes(mlir::MLIRContext *context);
void attachConvolutionShapes(mlir::MLIRContext *context);
void attachDetectionShapes(mlir::MLIRContext *context);
void attachElementwiseShapes(mlir::MLIRContext *context);
void attachGeneratorShapes(mlir::MLIRContext *context);
void attachIndexingShapes(mlir::MLIRContext *context);
void attachLayoutShapes(mlir::MLIRContext *context);
void attachLoopShapes(mlir::MLIRContext *context);
void attachMatrixShapes(mlir::MLIRContext *context);
void attachMlShapes(mlir::MLIRContext *context);
void attachNormalizationShapes(mlir::MLIRContext *context);
void attachPoolingShapes(mlir::MLIRContext *context);
void attachProductShapes(mlir::MLIRContext *context);
void attachQuantizationShapes(mlir::MLIRContext *context);
void attachReductionShapes(mlir::MLIRContext *context);
void attachResizeShapes(mlir::MLIRContext *context);
void attachSequenceModelShapes(mlir::MLIRContext *context);
void attachSignalShapes(mlir::MLIRContext *context);
void attachSlicingShapes(mlir::MLIRContext *context);
void attachTextShapes(mlir::MLIRContext *context);

/// The element type with this number in the ONNX format; an error where there is none here.
FailureOr<Type> elementTypeOf(Operation *op, int64_t onnxType);

/// An axis in [0, rank) from one in [-rank, rank).
FailureOr<int64_t> normalizeAxis(Operation *op, int64_t axis, int64_t rank);
/// The same for a list, without duplicates.
FailureOr<SmallVector<int64_t>> normalizeAxes(Operation *op, ArrayRef<int64_t> axes, int64_t rank);

/// "(batch, 3, 224)", for errors.
std::string describe(ArrayRef<DimExpr> dims);

/// Fails, with an error, unless the value has the rank, or at least the rank.
LogicalResult expectRank(Operation *op, StringRef what, const TensorFacts &facts, int64_t rank);
LogicalResult expectRankAtLeast(Operation *op, StringRef what, const TensorFacts &facts,
                                int64_t rank);
/// Fails, with an error, where a rank that data gives is beyond what there is room for.
LogicalResult expectFewDims(Operation *op, int64_t rank);
/// The rank of a result whose dimensions the elements of `shape` are; an error where it is open.
FailureOr<int64_t> rankGivenBy(Operation *op, const TensorFacts &shape);
/// Fails, with an error, where two values that must be of one element type are not.
LogicalResult expectSameType(Operation *op, const TensorFacts &lhs, const TensorFacts &rhs);
/// The common value of two dimensions that have to be equal; an error where they cannot be.
FailureOr<DimExpr> unifyDims(Operation *op, StringRef what, const DimExpr &lhs, const DimExpr &rhs);

/// The dimensions of a multidirectional broadcast.
FailureOr<Dims> broadcast(Operation *op, ArrayRef<ArrayRef<DimExpr>> operands);
FailureOr<DimExpr> broadcastDim(Operation *op, const DimExpr &lhs, const DimExpr &rhs);

/// Facts of an optional operand; null where it is absent.
const TensorFacts *optionalFacts(ShapeContext &context, Value value);
/// The contents of an operand of integer constants; nothing where they are not known.
std::optional<SmallVector<int64_t>> constantIntegers(ShapeContext &context, Value value);
/// The contents as expressions, of floating-point numbers where those are integral too.
std::optional<std::vector<DimExpr>> integerContents(const TensorFacts &facts);

/// A dimension given by an operand's contents: a fresh symbol where those are not known.
DimExpr dimOrFresh(ShapeContext &context, const std::vector<DimExpr> *contents, int64_t position,
                   Value result, int64_t axis);

} // namespace heddle::onnx

#endif // HEDDLE_DIALECTS_ONNX_SHAPES_SHAPERULES_H
