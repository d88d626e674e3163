// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators whose result has the dimensions of their first operand.

#include "dialects/onnx/shapes/ShapeRules.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

static DimExpr applyToInteger(Operation *op, const DimExpr &x) {
  return llvm::TypeSwitch<Operation *, DimExpr>(op)
      .Case<IdentityOp, FloorOp, CeilOp, RoundOp>([&](auto) { return x; })
      .Case([&](NegOp) { return -x; })
      .Case([&](NotOp) { return 1 - x; })
      .Case<ReluOp>([&](auto) { return DimExpr::max(x, 0); })
      .Case([&](AbsOp) {
        std::optional<int64_t> high = x.upperBound();
        return x.isAtLeast(0) ? x : high && *high <= 0 ? -x : DimExpr::unknown();
      })
      .Case([&](SignOp) {
        std::optional<int64_t> high = x.upperBound();
        return x.isAtLeast(1)      ? DimExpr(1)
               : high && *high < 0 ? DimExpr(-1)
               : x.isConstant(0)   ? DimExpr(0)
                                   : DimExpr::unknown();
      })
      .Default([](Operation *) { return DimExpr::unknown(); });
}

static std::optional<double> applyToFloat(Operation *op, double x) {
  return llvm::TypeSwitch<Operation *, std::optional<double>>(op)
      .Case([&](IdentityOp) { return x; })
      .Case([&](NegOp) { return -x; })
      .Case([&](AbsOp) { return std::abs(x); })
      .Case([&](FloorOp) { return std::floor(x); })
      .Case([&](CeilOp) { return std::ceil(x); })
      .Case([&](RoundOp) { return std::nearbyint(x); }) // the default mode: to even
      .Case([&](SqrtOp) { return std::sqrt(x); })
      .Case([&](ReciprocalOp) { return 1 / x; })
      .Default([](Operation *) { return std::nullopt; });
}

/// Contents of an operator that works on each element alone.
static void applyToContents(Operation *op, const TensorFacts &operand, TensorFacts &result) {
  if (operand.integers) {
    result.integers.emplace();
    for (const DimExpr &element : *operand.integers)
      result.integers->push_back(applyToInteger(op, element));
  }
  if (operand.floats) {
    result.floats.emplace();
    for (double element : *operand.floats) {
      std::optional<double> value = applyToFloat(op, element);
      if (!value)
        return result.floats.reset();
      result.floats->push_back(roundTo(result.elementType, *value));
    }
  }
}

static LogicalResult sameAsFirst(Operation *op, ShapeContext &context) {
  const TensorFacts &operand = context.facts(op->getOperand(0));
  TensorFacts result(operand.elementType, operand.dims);
  applyToContents(op, operand, result);
  context.setFacts(op->getResult(0), std::move(result));
  return success();
}

static LogicalResult boolLikeFirst(Operation *op, ShapeContext &context) {
  context.setFacts(op->getResult(0), IntegerType::get(op->getContext(), 1),
                   context.facts(op->getOperand(0)).dims);
  return success();
}

/// The operators with an axis that do not change dimensions.
template <typename Op> static LogicalResult sameWithAxis(Op op, ShapeContext &context) {
  const TensorFacts &operand = context.facts(op->getOperand(0));
  if (failed(normalizeAxis(op, int64_t(op.getAxis()), operand.rank())))
    return failure();
  if constexpr (requires { op.getP(); })
    if (op.getP() != 1 && op.getP() != 2)
      return op.emitOpError("has the norm ") << int64_t(op.getP()) << ", expected 1 or 2";
  context.setFacts(op->getResult(0), operand.elementType, operand.dims);
  return success();
}

static LogicalResult inferTrilu(TriluOp op, ShapeContext &context) {
  if (failed(expectRankAtLeast(op, "an operand", context.facts(op.getInput()), 2)))
    return failure();
  return sameAsFirst(op, context);
}

static LogicalResult inferClip(ClipOp op, ShapeContext &context) {
  const TensorFacts &input = context.facts(op.getInput());
  TensorFacts result(input.elementType, input.dims);
  std::optional<std::vector<DimExpr>> contents = input.integers;
  for (Value bound : {op.getMin(), op.getMax()}) {
    const TensorFacts *facts = optionalFacts(context, bound);
    if (!facts)
      continue;
    if (failed(expectSameType(op, input, *facts)))
      return failure();
    if (facts->rank() > input.rank())
      return op.emitOpError("expects a bound that broadcasts to ")
             << describe(input.dims) << ", got " << describe(facts->dims);
    std::optional<std::vector<DimExpr>> limit = integerContents(*facts);
    if (!limit || limit->size() != 1)
      contents.reset();
    if (contents)
      for (DimExpr &element : *contents)
        element = bound == op.getMin() ? DimExpr::max(element, limit->front())
                                       : DimExpr::min(element, limit->front());
  }
  result.integers = contents;
  context.setFacts(op.getOutput(), std::move(result));
  return success();
}

/// Conversion of contents; nothing of them is kept that does not convert to the same value.
static void convertContents(const TensorFacts &input, TensorFacts &result) {
  bool toBool = result.elementType.isInteger(1);
  if (input.integers) {
    result.integers.emplace();
    for (const DimExpr &element : *input.integers) {
      std::optional<int64_t> number = element.asConstant();
      if (!toBool)
        result.integers->push_back(element);
      else if (number || element.isAtLeast(1))
        result.integers->push_back(number ? *number != 0 : 1);
      else
        result.integers->push_back(DimExpr::unknown());
    }
    if (std::optional<SmallVector<int64_t>> numbers = input.constantIntegers();
        numbers && result.isFloat()) {
      result.floats.emplace();
      for (int64_t number : *numbers)
        result.floats->push_back(roundTo(result.elementType, double(number)));
    }
  }
  if (!input.floats)
    return;
  if (result.isFloat()) {
    result.floats.emplace();
    for (double value : *input.floats)
      result.floats->push_back(roundTo(result.elementType, value));
  } else if (result.isInteger()) {
    result.integers.emplace();
    for (double value : *input.floats) {
      if (toBool)
        result.integers->push_back(value != 0);
      else if (std::abs(value) < 9.0e18)
        result.integers->push_back(int64_t(value));
      else
        result.integers->push_back(DimExpr::unknown());
    }
  }
}

static LogicalResult inferCast(CastOp op, ShapeContext &context) {
  const TensorFacts &input = context.facts(op.getInput());
  FailureOr<Type> type = elementTypeOf(op, int64_t(op.getTo()));
  if (failed(type))
    return failure();
  TensorFacts result(*type, input.dims);
  convertContents(input, result);
  context.setFacts(op.getOutput(), std::move(result));
  return success();
}

static LogicalResult inferCastLike(CastLikeOp op, ShapeContext &context) {
  const TensorFacts &input = context.facts(op.getInput());
  TensorFacts result(context.facts(op.getTargetType()).elementType, input.dims);
  convertContents(input, result);
  context.setFacts(op.getOutput(), std::move(result));
  return success();
}

static LogicalResult inferBitCast(BitCastOp op, ShapeContext &context) {
  const TensorFacts &input = context.facts(op.getInput());
  FailureOr<Type> type = elementTypeOf(op, int64_t(op.getTo()));
  if (failed(type))
    return failure();
  if (input.elementType.isIntOrFloat() && type->isIntOrFloat() &&
      input.elementType.getIntOrFloatBitWidth() != type->getIntOrFloatBitWidth())
    return op.emitOpError("expects types of one width, got ")
           << input.elementType << " and " << *type;
  context.setFacts(op.getOutput(), *type, input.dims);
  return success();
}

static LogicalResult inferDropout(DropoutOp op, ShapeContext &context) {
  const TensorFacts &data = context.facts(op.getData());
  TensorFacts result(data.elementType, data.dims);
  std::optional<SmallVector<int64_t>> training = constantIntegers(context, op.getTrainingMode());
  if (!op.getTrainingMode() || (training && training->size() == 1 && training->front() == 0))
    result.takeElements(data);
  context.setFacts(op.getOutput(), std::move(result));
  if (op.getMask())
    context.setFacts(op.getMask(), IntegerType::get(op.getContext(), 1), data.dims);
  return success();
}

static LogicalResult inferPRelu(PReluOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX()), &slope = context.facts(op.getSlope());
  FailureOr<Dims> dims = broadcast(op, {x.dims, slope.dims});
  if (failed(expectSameType(op, x, slope)) || failed(dims))
    return failure();
  if (slope.rank() > x.rank())
    return op.emitOpError("expects a slope that broadcasts to ")
           << describe(x.dims) << ", got " << describe(slope.dims);
  context.setFacts(op.getY(), x.elementType, x.dims);
  return success();
}

void heddle::onnx::attachElementwiseShapes(MLIRContext *context) {
  attachRuleTo<sameAsFirst, AbsOp, AcosOp, AcoshOp, AsinOp, AsinhOp, AtanOp, AtanhOp, BitwiseNotOp,
               CeilOp, CeluOp, CosOp, CoshOp, CumProdOp, CumSumOp, EluOp, ErfOp, ExpOp, FloorOp,
               GeluOp, HardSigmoidOp, HardSwishOp, IdentityOp, LeakyReluOp, LogOp, MishOp, NegOp,
               NotOp, ReciprocalOp, ReluOp, RoundOp, SeluOp, ShrinkOp, SigmoidOp, SignOp, SinOp,
               SinhOp, SoftplusOp, SoftsignOp, SqrtOp, SwishOp, TanOp, TanhOp, ThresholdedReluOp>(
      context);
  attachRuleTo<boolLikeFirst, IsInfOp, IsNaNOp>(context);
  attachRules<sameWithAxis<HardmaxOp>, sameWithAxis<LogSoftmaxOp>, sameWithAxis<SoftmaxOp>,
              sameWithAxis<LpNormalizationOp>>(context);
  attachRules<inferTrilu, inferClip, inferCast, inferCastLike, inferBitCast, inferDropout,
              inferPRelu>(context);
}
