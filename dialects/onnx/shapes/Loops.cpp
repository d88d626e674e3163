// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loop and Scan: what is known of their bodies, and after them.

#include "dialects/onnx/shapes/ShapeRules.h"
#include "mlir/IR/Builders.h"

#include <map>

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

namespace {
/// Infers the body of a loop until what it carries has the same dimensions at the end of an
/// iteration as at its beginning: those that change become symbols of the body's arguments.
struct CarriedLoop {
  Operation *op;
  ShapeContext &context;
  Region &body;
  std::vector<TensorFacts> arguments;
  unsigned firstArgument, firstYield, count;

  FailureOr<std::vector<TensorFacts>> infer() {
    for (unsigned i = 0; i < count; ++i) {
      arguments[firstArgument + i].integers.reset();
      arguments[firstArgument + i].floats.reset();
    }
    for (unsigned round = 0;; ++round) {
      FailureOr<std::vector<TensorFacts>> yielded = context.inferRegion(body, arguments);
      if (failed(yielded))
        return failure();
      FailureOr<bool> changed = widen(*yielded, /*all=*/round == 4);
      if (failed(changed))
        return failure();
      if (!*changed)
        return yielded;
    }
  }

  /// Gives dimensions that do not stay the same a symbol: one for all that began with the same size
  /// and changed in the same way, until an iteration tells them apart. The fifth time all that may
  /// change get one each.
  FailureOr<bool> widen(ArrayRef<TensorFacts> yielded, bool all) {
    bool changed = false;
    std::map<std::pair<std::string, std::string>, DimExpr> alike;
    for (unsigned i = 0; i < count; ++i) {
      TensorFacts &before = arguments[firstArgument + i];
      const TensorFacts &after = yielded[firstYield + i];
      if (before.elementType != after.elementType)
        return op->emitOpError("carries value ")
               << i << " as " << before.elementType << ", its body yields " << after.elementType;
      if (before.rank() != after.rank())
        return op->emitOpError("carries value ")
               << i << " of " << describe(before.dims) << ", its body yields "
               << describe(after.dims) << ": a change of rank is not supported";
      BlockArgument argument = body.getArgument(firstArgument + i);
      for (int64_t axis = 0; axis < before.rank(); ++axis) {
        if (before.dims[axis] == after.dims[axis] && !all)
          continue;
        auto change = std::pair(before.dims[axis].str(), after.dims[axis].str());
        auto known = alike.find(change);
        DimExpr fresh =
            known != alike.end() && !all ? known->second : context.freshSymbol(argument, axis);
        if (before.dims[axis].isKnown() && after.dims[axis].isKnown())
          alike.try_emplace(change, fresh);
        changed |= before.dims[axis] != fresh;
        before.dims[axis] = fresh;
      }
    }
    return changed;
  }
};
} // namespace

/// The facts of an argument that each iteration gets anew; the model may say its dimensions.
static TensorFacts scalarArgument(BlockArgument argument, Type elementType) {
  if (std::optional<TensorFacts> declared = TensorFacts::ofType(argument.getType()))
    if (declared->trackedCount() == 1)
      return TensorFacts(elementType, declared->dims);
  return TensorFacts(elementType, {});
}

/// Whether a value is always true, or the loop's own condition passed through.
static bool staysTrue(ShapeContext &context, Value value, BlockArgument condition) {
  while (auto identity = value.getDefiningOp<IdentityOp>())
    value = identity.getInput();
  const TensorFacts *facts = context.lookup(value);
  return value == condition || (facts && facts->scalar() && facts->scalar()->isConstant(1));
}

/// How often a loop runs, where only its trip count decides that.
static std::optional<DimExpr> tripCount(LoopOp op, ShapeContext &context) {
  Block &body = op.getBody().front();
  if (op.getCond()) {
    std::optional<DimExpr> condition = context.facts(op.getCond()).scalar();
    if (!condition || !condition->asConstant())
      return std::nullopt;
    if (condition->isConstant(0))
      return DimExpr(0);
  }
  if (!op.getM() || !staysTrue(context, body.getTerminator()->getOperand(0), body.getArgument(1)))
    return std::nullopt;
  std::optional<DimExpr> count = context.facts(op.getM()).scalar();
  return count ? std::optional(DimExpr::max(*count, 0)) : std::nullopt;
}

/// Facts of what a loop collects: one element for each iteration, along an axis.
static TensorFacts collected(ShapeContext &context, const TensorFacts &element, Region &body,
                             Value result, int64_t axis, const DimExpr &trips) {
  TensorFacts facts(element.elementType, {});
  for (int64_t i = 0; i <= element.rank(); ++i) {
    if (i == axis) {
      facts.dims.push_back(trips);
      continue;
    }
    const DimExpr &dim = element.dims[i - (i > axis)];
    facts.dims.push_back(context.isDefinedOutside(dim, body) ? dim
                                                             : context.freshSymbol(result, i));
  }
  return facts;
}

static LogicalResult inferLoop(LoopOp op, ShapeContext &context) {
  unsigned carried = op.getVInitial().size();
  Region &body = op.getBody();
  if (body.empty() || body.getNumArguments() != carried + 2)
    return op.emitOpError("expects a body of ")
           << carried + 2 << " arguments, got " << (body.empty() ? 0 : body.getNumArguments());
  unsigned yields = body.front().getTerminator()->getNumOperands();
  if (yields != op->getNumResults() + 1 || yields < carried + 1)
    return op.emitOpError("expects a body that yields a condition, ")
           << carried << " carried values and what it collects for " << op->getNumResults()
           << " results, got " << yields << " values";
  Builder builder(op.getContext());
  CarriedLoop loop{op, context, body, {}, 2, 1, carried};
  loop.arguments.push_back(scalarArgument(body.getArgument(0), builder.getI64Type()));
  loop.arguments.push_back(scalarArgument(body.getArgument(1), builder.getI1Type()));
  for (Value initial : op.getVInitial())
    loop.arguments.push_back(context.facts(initial));
  FailureOr<std::vector<TensorFacts>> yielded = loop.infer();
  if (failed(yielded))
    return failure();

  for (unsigned i = 0; i < carried; ++i) {
    Value result = op->getResult(i);
    context.setFacts(result, context.moveOutside(loop.arguments[i + 2], body, result));
  }
  if (carried == op->getNumResults())
    return success();
  std::optional<DimExpr> trips = tripCount(op, context);
  if (!trips) // all that is collected has as many elements
    trips = context.freshSymbol(op->getResult(carried), 0);
  for (unsigned i = carried; i < op->getNumResults(); ++i) {
    Value result = op->getResult(i);
    context.setFacts(result, collected(context, (*yielded)[i + 1], body, result, 0, *trips));
  }
  return success();
}

/// An element of a list of axes, 0 where the model has none.
static int64_t axisAt(std::optional<ArrayRef<int64_t>> axes, size_t i) {
  return axes && i < axes->size() ? (*axes)[i] : 0;
}

static LogicalResult inferScan(ScanOp op, ShapeContext &context) {
  unsigned operands = op->getNumOperands(), inputs = op.getNumScanInputs();
  Region &body = op.getBody();
  if (inputs < 1 || inputs > operands)
    return op.emitOpError("has ") << inputs << " scan inputs among " << operands << " operands";
  unsigned states = operands - inputs;
  if (body.empty() || body.getNumArguments() != operands)
    return op.emitOpError("expects a body of ")
           << operands << " arguments, got " << (body.empty() ? 0 : body.getNumArguments());
  unsigned yields = body.front().getTerminator()->getNumOperands();
  if (yields != op->getNumResults() || yields < states)
    return op.emitOpError("expects a body that yields ")
           << op->getNumResults() << " values, got " << yields;
  CarriedLoop loop{op, context, body, {}, 0, 0, states};
  for (unsigned i = 0; i < states; ++i)
    loop.arguments.push_back(context.facts(op->getOperand(i)));
  std::optional<DimExpr> length;
  for (unsigned i = 0; i < inputs; ++i) {
    TensorFacts facts = context.facts(op->getOperand(states + i));
    FailureOr<int64_t> axis = normalizeAxis(op, axisAt(op.getScanInputAxes(), i), facts.rank());
    if (failed(axis))
      return failure();
    FailureOr<DimExpr> joined = unifyDims(op, "lengths of the scan inputs",
                                          length ? *length : facts.dims[*axis], facts.dims[*axis]);
    if (failed(joined))
      return failure();
    length = *joined;
    facts.dims.erase(facts.dims.begin() + *axis);
    loop.arguments.emplace_back(facts.elementType, facts.dims);
  }
  FailureOr<std::vector<TensorFacts>> yielded = loop.infer();
  if (failed(yielded))
    return failure();
  for (unsigned i = 0; i < states; ++i) {
    Value result = op->getResult(i);
    context.setFacts(result, context.moveOutside(loop.arguments[i], body, result));
  }
  for (unsigned i = states; i < yields; ++i) {
    Value result = op->getResult(i);
    const TensorFacts &element = (*yielded)[i];
    FailureOr<int64_t> axis =
        normalizeAxis(op, axisAt(op.getScanOutputAxes(), i - states), element.rank() + 1);
    if (failed(axis))
      return failure();
    context.setFacts(result, collected(context, element, body, result, *axis, *length));
  }
  return success();
}

void heddle::onnx::attachLoopShapes(MLIRContext *context) {
  attachRules<inferLoop, inferScan>(context);
}
