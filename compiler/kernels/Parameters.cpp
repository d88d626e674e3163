// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/Parameters.h"

#include "compiler/kernels/StructuredLowering.h"
#include "dialects/onnx/Onnx.h"

using namespace mlir;

namespace heddle {

namespace {

/// Contents beyond this are data, not parameters.
constexpr int64_t kMostElements = 4096;

DenseElementsAttr constantContents(Value value) {
  auto constant = value ? value.getDefiningOp<onnx::ConstantOp>() : onnx::ConstantOp();
  if (!constant || !constant.getValue())
    return {};
  auto contents = dyn_cast<DenseElementsAttr>(*constant.getValue());
  return contents && contents.getNumElements() <= kMostElements ? contents : DenseElementsAttr();
}

/// The position, among the operands that the operation declares, of one of those it has.
unsigned declaredPosition(Operation *op, unsigned operandNumber) {
  auto segments = dyn_cast_or_null<DenseI32ArrayAttr>(
      op->getInherentAttr("operandSegmentSizes").value_or(Attribute()));
  if (!segments)
    return operandNumber; // only the last ones may be absent or many
  unsigned end = 0;
  for (auto [declared, size] : llvm::enumerate(segments.asArrayRef()))
    if (end += size; operandNumber < end)
      return declared;
  return operandNumber;
}

} // namespace

std::optional<SmallVector<DimExpr>> knownIntegers(Value value) {
  SmallVector<DimExpr> known;
  if (DenseElementsAttr contents = constantContents(value)) {
    auto type = dyn_cast<IntegerType>(contents.getElementType());
    if (!type || type.getWidth() > 64)
      return std::nullopt;
    for (const APInt &number : contents.getValues<APInt>())
      known.push_back(type.isUnsigned() ? static_cast<int64_t>(number.getZExtValue())
                                        : number.getSExtValue());
    return known;
  }
  Operation *producer = value ? value.getDefiningOp() : nullptr;
  if (!producer || producer->getName().getStringRef() != "heddle.index_tensor")
    return std::nullopt;
  auto exprs = producer->getAttrOfType<ArrayAttr>("exprs");
  if (!exprs)
    return std::nullopt;
  for (Attribute text : exprs) {
    auto expr = DimExpr::parse(cast<StringAttr>(text).getValue());
    if (!expr || !expr->isKnown())
      return std::nullopt;
    known.push_back(*expr);
  }
  return known;
}

std::optional<SmallVector<int64_t>> constantIntegers(Value value) {
  auto exprs = knownIntegers(value);
  if (!exprs)
    return std::nullopt;
  SmallVector<int64_t> numbers;
  for (const DimExpr &expr : *exprs) {
    std::optional<int64_t> number = expr.asConstant();
    if (!number)
      return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

std::optional<DimExpr> firstPlaceOfSlice(const DimExpr &start, const DimExpr &dim, int64_t step) {
  if (start.isAtLeast(0))
    return step > 0 ? start : DimExpr::min(start, dim - 1);
  DimExpr fromEnd = start + dim;
  if (auto bound = start.upperBound(); bound && *bound < 0)
    return step < 0 && start.isAtLeast(-1) ? fromEnd : DimExpr::max(fromEnd, 0);
  return std::nullopt;
}

std::optional<SmallVector<double>> knownFloats(Value value) {
  DenseElementsAttr contents = constantContents(value);
  if (!contents || !isa<FloatType>(contents.getElementType()))
    return std::nullopt;
  SmallVector<double> known;
  for (APFloat number : contents.getValues<APFloat>()) {
    bool losesInfo;
    number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
    known.push_back(number.convertToDouble());
  }
  return known;
}

bool isParameter(Operation *op, unsigned operandNumber) {
  const StructuredLowering *lowering = findStructuredLowering(op);
  return lowering && llvm::is_contained(lowering->parameters, declaredPosition(op, operandNumber));
}

bool isDecisiveNumber(Operation *op, unsigned operandNumber) {
  const StructuredLowering *lowering = findStructuredLowering(op);
  if (!lowering || !llvm::is_contained(lowering->numbers, declaredPosition(op, operandNumber)))
    return false;
  DenseElementsAttr contents = constantContents(op->getOperand(operandNumber));
  return contents && contents.getNumElements() == 1;
}

bool hasKnownParameters(Operation *op) {
  for (auto [number, operand] : llvm::enumerate(op->getOperands()))
    if (isParameter(op, number) && !knownIntegers(operand) && !knownFloats(operand))
      return false;
  return true;
}

} // namespace heddle
