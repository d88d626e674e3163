// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/batching/Batching.h"

#include "compiler/kernels/Parameters.h"
#include "compiler/parallel/Constructs.h"
#include "compiler/parallel/batching/BatchedOperation.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace heddle {

static const BatchingRules &rules() {
  static const BatchingRules table = [] {
    BatchingRules rules;
    addElementwiseRules(rules);
    addProductRules(rules);
    addReductionRules(rules);
    addMovementRules(rules);
    addIndexingRules(rules);
    addFoldedRules(rules);
    return rules;
  }();
  return table;
}

RankedTensorType stackedType(Type element, const DimExpr &length) {
  auto type = cast<RankedTensorType>(element);
  Dims dims = getDims(type);
  dims.insert(dims.begin(), length);
  return tensorWithDims(dims, type.getElementType());
}

/// Whether the sizes of the results follow from those of the operands, so that they are the same
/// for all elements.
static bool hasSizesOfOperands(Operation *op) {
  llvm::StringSet<> known;
  auto add = [&](const DimExpr &dim) {
    dim.walkSymbols([&](StringRef name) { known.insert(name); });
  };
  for (Value operand : op->getOperands()) {
    if (auto type = dyn_cast<RankedTensorType>(operand.getType()))
      llvm::for_each(getDims(type), add);
    if (auto contents = knownIntegers(operand))
      llvm::for_each(*contents, add);
  }
  bool all = true;
  for (Type type : op->getResultTypes())
    for (const DimExpr &dim : getDims(cast<RankedTensorType>(type))) {
      all &= dim.isKnown();
      dim.walkSymbols([&](StringRef name) { all &= known.contains(name); });
    }
  return all;
}

Value Batching::stacked(Value element) {
  if (Value all = stackedOf.lookup(element))
    return all;
  Value value = shared(element);
  RankedTensorType type = stackedType(element.getType(), length);
  return Arithmetic(builder, element.getLoc()).expandedTo(value, getDims(type), withLength);
}

LogicalResult Batching::apply(Operation &op) {
  llvm::SetVector<Value> used(op.operand_begin(), op.operand_end());
  getUsedValuesDefinedAbove(op.getRegions(), used);
  bool depends = llvm::any_of(used, [&](Value value) { return isStacked(value); });
  auto refuse = [&](const Twine &reason) {
    why = (describeNode(&op) + " " + reason).str();
    return failure();
  };
  if (!isMemoryEffectFree(&op))
    return refuse("has effects");
  if (auto sizes = dyn_cast<IndexTensorOp>(op)) {
    // Sizes are the same for all elements: the operands only keep it after what has them.
    SmallVector<Value> sources;
    for (Value source : sizes.getSources())
      sources.push_back(isStacked(source) ? stackedOf.lookup(source) : shared(source));
    sharedOf.map(sizes.getValue(),
                 IndexTensorOp::create(builder, op.getLoc(), sizes.getValue().getType(),
                                       sizes.getExprs(), sources)
                     .getValue());
    return success();
  }
  if (!depends) {
    builder.clone(op, sharedOf);
    return success();
  }
  auto rule = rules().find(op.getName().getStringRef());
  if (rule == rules().end())
    return refuse("has no form for many elements at once");
  if (!llvm::all_of(op.getResultTypes(), llvm::IsaPred<RankedTensorType>))
    return refuse("makes something else than tensors");
  if (!hasSizesOfOperands(&op))
    return refuse("makes sizes that depend on data");
  BatchedOperation batched(*this, &op, builder, length, why);
  return rule->second(batched);
}

FailureOr<SmallVector<Value>> batchedBlock(OpBuilder &b, Block &block, ValueRange arguments,
                                           const DimExpr &count, std::string &reason) {
  Batching batching(b, count);
  for (auto [argument, value] : llvm::zip(block.getArguments(), arguments))
    batching.map(argument, value);
  for (Operation &op : block.without_terminator())
    if (failed(batching.apply(op))) {
      reason = batching.reason();
      return failure();
    }
  return llvm::map_to_vector(block.getTerminator()->getOperands(),
                             [&](Value value) { return batching.stacked(value); });
}

bool Batching::hasForm(Operation &op, ArrayRef<bool> stackedOperands) {
  Block scratch;
  OpBuilder builder(op.getContext());
  builder.setInsertionPointToEnd(&scratch);
  DimExpr length = DimExpr::symbol("batching.length");
  Batching trial(builder, length);
  for (auto [operand, isStacked] : llvm::zip(op.getOperands(), stackedOperands))
    if (isStacked && !trial.isStacked(operand))
      trial.map(operand, scratch.addArgument(stackedType(operand.getType(), length), op.getLoc()));
  return succeeded(trial.apply(op));
}

Value BatchedOperation::operand(Value element) {
  if (!element)
    return {};
  return isStacked(element) ? batching.stacked(element) : batching.shared(element);
}

Value BatchedOperation::aligned(Value element, size_t rank) {
  Value value = operand(element);
  Dims dims = dimsOf(element);
  if (!isStacked(element) || dims.size() >= rank)
    return value;
  dims.insert(dims.begin(), rank - dims.size(), DimExpr(1));
  return m.viewedAs(value, all(dims));
}

bool BatchedOperation::isOnlyStacked(unsigned operand) const {
  for (auto [number, value] : llvm::enumerate(op->getOperands()))
    if (isStacked(value) != (number == operand))
      return false;
  return true;
}

Dims BatchedOperation::all(ArrayRef<DimExpr> dims) const {
  Dims result{length};
  result.append(dims.begin(), dims.end());
  return result;
}

Dims BatchedOperation::folded(ArrayRef<DimExpr> dims) const {
  Dims result(dims);
  result.front() = length * result.front();
  return result;
}

Value BatchedOperation::foldedOperand(unsigned number) {
  return m.viewedAs(stacked(number), folded(dimsOf(op->getOperand(number))));
}

Operation *BatchedOperation::clone(ValueRange operands) {
  Operation *copy = m.b.clone(*op);
  copy->setOperands(operands);
  for (Value result : copy->getResults())
    result.setType(stackedType(result.getType(), length));
  return copy;
}

LogicalResult BatchedOperation::finish(ValueRange results) {
  for (auto [element, value] : llvm::zip(op->getResults(), results))
    batching.map(element, m.viewedAs(value, all(dimsOf(element))));
  return success();
}

LogicalResult BatchedOperation::refuse(const Twine &reason) {
  why = (describeNode(op) + " " + reason).str();
  return failure();
}

} // namespace heddle
