// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/source/FoldKnownValues.h"
#include "dialects/heddle/Heddle.h"
#include "dialects/onnx/Onnx.h"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

/// The condition under which an If has to be run. Where the other branch is impossible, a check is
/// left in the program.
static std::optional<bool> knownCondition(IfOp branch, ShapeContext &context) {
  if (const ShapeContext::OnlyBranch *only = context.onlyBranch(branch)) {
    OpBuilder builder(branch);
    ExpectOp::create(builder, branch.getLoc(), branch.getCond(), only->condition,
                     "the other branch of an If cannot run: " + only->message);
    return only->condition;
  }
  const TensorFacts *facts = context.lookup(branch.getCond());
  std::optional<DimExpr> value = facts ? facts->scalar() : std::nullopt;
  if (!value || !value->asConstant())
    return std::nullopt;
  return !value->isConstant(0);
}

/// Replaces Ifs by the branch that is always taken, outer ones first.
static void inlineKnownBranches(Region &region, ShapeContext &context) {
  for (Block &block : region) {
    for (Operation &op : llvm::make_early_inc_range(block)) {
      auto branch = dyn_cast<IfOp>(op);
      std::optional<bool> condition = branch ? knownCondition(branch, context) : std::nullopt;
      if (!condition) {
        op.removeAttr(kRanksDiffer);
        for (Region &inner : op.getRegions())
          inlineKnownBranches(inner, context);
        continue;
      }
      Region &taken = *condition ? branch.getThenBranch() : branch.getElseBranch();
      inlineKnownBranches(taken, context);
      Block &body = taken.front();
      Operation *yield = body.getTerminator();
      for (auto [result, value] : llvm::zip(op.getResults(), yield->getOperands()))
        result.replaceAllUsesWith(value);
      yield->erase();
      block.getOperations().splice(op.getIterator(), body.getOperations());
      op.erase();
    }
  }
}

static DenseElementsAttr integerConstant(ArrayRef<int64_t> values, RankedTensorType type) {
  auto element = cast<IntegerType>(type.getElementType());
  SmallVector<APInt> numbers;
  for (int64_t value : values)
    numbers.push_back(APInt(64, value, /*isSigned=*/true).sextOrTrunc(element.getWidth()));
  return DenseElementsAttr::get(type, numbers);
}

static DenseElementsAttr floatConstant(ArrayRef<double> values, RankedTensorType type) {
  SmallVector<APFloat> numbers;
  for (double value : values) {
    APFloat number(value);
    bool losesInfo;
    number.convert(cast<FloatType>(type.getElementType()).getFloatSemantics(),
                   APFloat::rmNearestTiesToEven, &losesInfo);
    numbers.push_back(number);
  }
  return DenseElementsAttr::get(type, numbers);
}

static Value createConstant(OpBuilder &builder, Location location, DenseElementsAttr value) {
  OperationState state(location, ConstantOp::getOperationName());
  state.addTypes(value.getType());
  state.addAttribute("value", value);
  return builder.create(state)->getResult(0);
}

/// A value with the contents in place of one that computes them; null where they are not known.
static Value materialize(OpBuilder &builder, Value value, ShapeContext &context) {
  const TensorFacts *facts = context.lookup(value);
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!facts || !type || !type.hasStaticShape())
    return {};
  Location location = value.getLoc();
  if (facts->isFloat())
    return facts->floats ? createConstant(builder, location, floatConstant(*facts->floats, type))
                         : Value();
  if (!facts->integers)
    return {};
  if (std::optional<SmallVector<int64_t>> numbers = facts->constantIntegers())
    return createConstant(builder, location, integerConstant(*numbers, type));
  if (llvm::any_of(*facts->integers, [](const DimExpr &element) { return !element.isKnown(); }) ||
      type.getElementType().isInteger(1))
    return {};
  // Dimensions that are known late come from the values that define them.
  SmallVector<StringRef> texts;
  SmallVector<std::string> storage;
  llvm::SetVector<Value> sources;
  for (const DimExpr &element : *facts->integers) {
    storage.push_back(element.str());
    element.walkSymbols([&](StringRef name) {
      if (Value source = context.definition(name))
        sources.insert(source);
    });
  }
  for (const std::string &text : storage)
    texts.push_back(text);
  if (sources.contains(value))
    return {};
  return IndexTensorOp::create(builder, location, type, builder.getStrArrayAttr(texts),
                               sources.getArrayRef());
}

/// The operand that an operation passes on, if that is all it does.
static Value passedOn(Operation *op, ShapeContext &context) {
  if (isa<IdentityOp>(op) ||
      (isa<CastOp, CastLikeOp>(op) && op->getOperand(0).getType() == op->getResult(0).getType()))
    return op->getOperand(0);
  auto dropout = dyn_cast<DropoutOp>(op);
  if (!dropout || (dropout.getMask() && !dropout.getMask().use_empty()))
    return {};
  if (!dropout.getTrainingMode())
    return dropout.getData();
  std::optional<DimExpr> training = context.facts(dropout.getTrainingMode()).scalar();
  return training && training->isConstant(0) ? dropout.getData() : Value();
}

static void replaceKnownValues(Region &region, ShapeContext &context) {
  region.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<ConstantOp, IndexTensorOp>(op) || op->getNumResults() == 0)
      return;
    OpBuilder builder(op);
    for (Value result : op->getResults())
      if (!result.use_empty())
        if (Value known = materialize(builder, result, context))
          result.replaceAllUsesWith(known);
    if (Value operand = passedOn(op, context);
        operand && operand.getType() == op->getResult(0).getType())
      op->getResult(0).replaceAllUsesWith(operand);
  });
}

static void dropUnused(Region &region) {
  for (Block &block : region) {
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
      if (isOpTriviallyDead(&op)) {
        op.erase();
        continue;
      }
      for (Region &inner : op.getRegions())
        dropUnused(inner);
    }
  }
}

void heddle::foldKnownValues(Region &region, ShapeContext &context) {
  inlineKnownBranches(region, context);
  replaceKnownValues(region, context);
  dropUnused(region);
}
