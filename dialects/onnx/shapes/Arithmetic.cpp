// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators of several operands that broadcast, and their contents.

#include "dialects/onnx/shapes/ShapeRules.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

/// The truth of lhs < rhs, where it does not depend on symbols.
static DimExpr isLess(const DimExpr &lhs, const DimExpr &rhs) {
  if ((rhs - lhs).isAtLeast(1))
    return 1;
  return (lhs - rhs).isAtLeast(0) ? DimExpr(0) : DimExpr::unknown();
}

static DimExpr isEqual(const DimExpr &lhs, const DimExpr &rhs) {
  if (!lhs.isKnown() || !rhs.isKnown())
    return DimExpr::unknown();
  if (lhs == rhs)
    return 1;
  DimExpr difference = lhs - rhs;
  return difference.isAtLeast(1) || (-difference).isAtLeast(1) ? DimExpr(0) : DimExpr::unknown();
}

static DimExpr divideIntegers(const DimExpr &lhs, const DimExpr &rhs, bool exactly) {
  std::optional<int64_t> left = lhs.asConstant(), right = rhs.asConstant();
  if (exactly)
    return lhs.divideExactly(rhs).value_or(DimExpr::unknown());
  if (left && right && *right != 0 && *right != -1)
    return *left / *right;
  if (right && *right == -1)
    return -lhs;
  // Truncation is rounding down where nothing is negative.
  return lhs.isAtLeast(0) && rhs.isAtLeast(0) ? lhs.floorDiv(rhs) : DimExpr::unknown();
}

static DimExpr remainder(const DimExpr &lhs, const DimExpr &rhs, bool signOfDividend) {
  std::optional<int64_t> left = lhs.asConstant(), right = rhs.asConstant();
  if (!signOfDividend)
    return lhs.mod(rhs);
  if (left && right && *right != 0 && *right != -1)
    return *left % *right;
  return lhs.isAtLeast(0) && rhs.isAtLeast(0) ? lhs.mod(rhs) : DimExpr::unknown();
}

static DimExpr power(const DimExpr &base, const DimExpr &exponent) {
  std::optional<int64_t> count = exponent.asConstant();
  if (!count || *count < 0 || *count > 16)
    return DimExpr::unknown();
  DimExpr result = 1;
  for (int64_t i = 0; i < *count; ++i)
    result = result * base;
  return result;
}

static DimExpr applyToIntegers(Operation *op, const DimExpr &a, const DimExpr &b, bool isFloat) {
  return llvm::TypeSwitch<Operation *, DimExpr>(op)
      .Case<AddOp, SumOp>([&](auto) { return a + b; })
      .Case([&](SubOp) { return a - b; })
      .Case([&](MulOp) { return a * b; })
      .Case([&](DivOp) { return divideIntegers(a, b, /*exactly=*/isFloat); })
      .Case([&](ModOp mod) { return remainder(a, b, mod.getFmod() != 0); })
      .Case([&](MaxOp) { return DimExpr::max(a, b); })
      .Case([&](MinOp) { return DimExpr::min(a, b); })
      .Case([&](PowOp) { return power(a, b); })
      .Case([&](AndOp) {
        return a.isConstant(0) || b.isConstant(0) ? DimExpr(0) : DimExpr::min(a, b);
      })
      .Case([&](OrOp) {
        return a.isConstant(1) || b.isConstant(1) ? DimExpr(1) : DimExpr::max(a, b);
      })
      .Case([&](XorOp) {
        return a.isKnown() && b.isKnown() ? DimExpr(a == b ? 0 : 1) : DimExpr::unknown();
      })
      .Case([&](EqualOp) { return isEqual(a, b); })
      .Case([&](LessOp) { return isLess(a, b); })
      .Case([&](GreaterOp) { return isLess(b, a); })
      .Case([&](LessOrEqualOp) { return 1 - isLess(b, a); })
      .Case([&](GreaterOrEqualOp) { return 1 - isLess(a, b); })
      .Default([](Operation *) { return DimExpr::unknown(); });
}

static std::optional<double> applyToFloats(Operation *op, double a, double b) {
  return llvm::TypeSwitch<Operation *, std::optional<double>>(op)
      .Case<AddOp, SumOp>([&](auto) { return a + b; })
      .Case([&](SubOp) { return a - b; })
      .Case([&](MulOp) { return a * b; })
      .Case([&](DivOp) { return a / b; })
      .Case([&](MaxOp) { return std::isnan(a) || std::isnan(b) ? NAN : std::max(a, b); })
      .Case([&](MinOp) { return std::isnan(a) || std::isnan(b) ? NAN : std::min(a, b); })
      .Case([&](EqualOp) { return a == b; })
      .Case([&](LessOp) { return a < b; })
      .Case([&](GreaterOp) { return a > b; })
      .Case([&](LessOrEqualOp) { return a <= b; })
      .Case([&](GreaterOrEqualOp) { return a >= b; })
      .Default([](Operation *) { return std::nullopt; });
}

/// Contents of one operand, laid out as those of a result it is broadcast to.
static void spread(const TensorFacts &operand, ArrayRef<int64_t> shape, TensorFacts &into) {
  std::optional<SmallVector<int64_t>> sizes = operand.staticShape();
  if (!sizes)
    return;
  SmallVector<int64_t> own(shape.size() - operand.rank(), 1);
  llvm::append_range(own, *sizes);
  SmallVector<int64_t> positions;
  forEachIndex(shape,
               [&](ArrayRef<int64_t> index) { positions.push_back(positionOf(index, own)); });
  into.takeElements(operand, positions);
}

/// The contents of `next` joined to those of `result` by the operator.
static void joinContents(Operation *op, TensorFacts &result, const TensorFacts &next,
                         Type operandType) {
  bool isFloat = isa<FloatType>(operandType);
  std::optional<std::vector<DimExpr>> left = integerContents(result);
  std::optional<std::vector<DimExpr>> right = integerContents(next);
  std::optional<std::vector<double>> floats;
  if (result.floats && next.floats) {
    floats.emplace();
    for (auto [a, b] : llvm::zip(*result.floats, *next.floats)) {
      std::optional<double> value = applyToFloats(op, a, b);
      if (!value) {
        floats.reset();
        break;
      }
      floats->push_back(roundTo(operandType, *value));
    }
  }
  result.integers.reset();
  if (floats && !isa<FloatType>(result.elementType)) {
    result.integers.emplace(); // a comparison
    for (double value : *floats)
      result.integers->push_back(int64_t(value));
    floats.reset();
  } else if (left && right) {
    result.integers.emplace();
    for (auto [a, b] : llvm::zip(*left, *right))
      result.integers->push_back(applyToIntegers(op, a, b, isFloat));
  }
  result.floats = floats;
}

static LogicalResult inferBroadcast(Operation *op, ShapeContext &context, Type resultType) {
  SmallVector<ArrayRef<DimExpr>> dims;
  const TensorFacts &first = context.facts(op->getOperand(0));
  for (Value operand : op->getOperands()) {
    const TensorFacts &facts = context.facts(operand);
    if (!isa<PowOp>(op) && failed(expectSameType(op, first, facts)))
      return failure();
    dims.push_back(facts.dims);
  }
  FailureOr<Dims> joined = broadcast(op, dims);
  if (failed(joined))
    return failure();
  TensorFacts result(resultType ? resultType : first.elementType, *joined);
  // An average is no integer, and bits are no sizes: only dimensions are known of those.
  if (std::optional<SmallVector<int64_t>> shape = result.staticShape();
      shape && result.trackedCount() && !isa<MeanOp>(op)) {
    spread(first, *shape, result);
    for (Value operand : op->getOperands().drop_front()) {
      TensorFacts next;
      spread(context.facts(operand), *shape, next);
      joinContents(op, result, next, first.elementType);
    }
  }
  context.setFacts(op->getResult(0), std::move(result));
  return success();
}

static LogicalResult inferArithmetic(Operation *op, ShapeContext &context) {
  if (op->getNumOperands() == 0)
    return op->emitOpError("has no operands, expected one or more");
  return inferBroadcast(op, context, {});
}

static LogicalResult inferComparison(Operation *op, ShapeContext &context) {
  return inferBroadcast(op, context, IntegerType::get(op->getContext(), 1));
}

static LogicalResult inferWhere(WhereOp op, ShapeContext &context) {
  const TensorFacts &condition = context.facts(op.getCondition());
  const TensorFacts &x = context.facts(op.getX()), &y = context.facts(op.getY());
  FailureOr<Dims> dims = broadcast(op, {condition.dims, x.dims, y.dims});
  if (failed(expectSameType(op, x, y)) || failed(dims))
    return failure();
  TensorFacts result(x.elementType, *dims);
  if (std::optional<SmallVector<int64_t>> shape = result.staticShape();
      shape && result.trackedCount()) {
    TensorFacts choice, left, right;
    spread(condition, *shape, choice);
    spread(x, *shape, left);
    spread(y, *shape, right);
    auto unknowns = std::vector<DimExpr>(*result.trackedCount(), DimExpr::unknown());
    std::vector<DimExpr> truth = choice.integers.value_or(unknowns);
    std::vector<DimExpr> ifTrue = left.integers.value_or(unknowns);
    std::vector<DimExpr> ifFalse = right.integers.value_or(unknowns);
    result.integers.emplace();
    for (size_t i = 0; i < truth.size(); ++i) {
      std::optional<int64_t> taken = truth[i].asConstant();
      result.integers->push_back(taken                     ? (*taken ? ifTrue[i] : ifFalse[i])
                                 : ifTrue[i] == ifFalse[i] ? ifTrue[i]
                                                           : DimExpr::unknown());
    }
  }
  context.setFacts(op.getOutput(), std::move(result));
  return success();
}

void heddle::onnx::attachArithmeticShapes(MLIRContext *context) {
  attachRuleTo<inferArithmetic, AddOp, AndOp, BitShiftOp, BitwiseAndOp, BitwiseOrOp, BitwiseXorOp,
               DivOp, MaxOp, MeanOp, MinOp, ModOp, MulOp, OrOp, PowOp, SubOp, SumOp, SwiGLUOp,
               XorOp>(context);
  attachRuleTo<inferComparison, EqualOp, GreaterOp, GreaterOrEqualOp, LessOp, LessOrEqualOp>(
      context);
  attachRules<inferWhere>(context);
}
