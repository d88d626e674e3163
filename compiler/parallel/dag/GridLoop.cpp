// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The proof that two loops are a grid.

#include "compiler/parallel/dag/GridLoop.h"
#include "compiler/parallel/Constructs.h"

#include "compiler/kernels/OperationKinds.h"
#include "compiler/parallel/batching/Batching.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace heddle {

bool GridLoop::isCandidate() {
  taintFrom(inner.op->getResults());
  return inner.states > 0 &&
         llvm::any_of(inner.inputs(), [&](Value input) { return isTainted(input); });
}

llvm::SetVector<Value> GridLoop::usedByInner() {
  llvm::SetVector<Value> needed, captured;
  for (auto [number, value] : llvm::enumerate(inner.op->getOperands())) {
    std::optional<unsigned> state = outer.stateOf(value);
    bool isRowAbove = number >= inner.states && state && llvm::is_contained(rowStates, *state);
    if (isOfStep(value) && !isRowAbove)
      needed.insert(value);
  }
  getUsedValuesDefinedAbove(inner.op->getRegions(), captured);
  for (Value value : captured)
    if (isOfStep(value))
      needed.insert(value);
  return needed;
}

/// That the cells of an anti-diagonal can be computed at once, also those beyond the edges, which
/// get zeros as inputs and whatever is there as states: what cannot fail on any of them.
bool GridLoop::checkCell() {
  llvm::DenseSet<Value> stackedValues, ofStates;
  for (auto [i, argument] : llvm::enumerate(inner.body().getArguments())) {
    stackedValues.insert(argument);
    bool isRow = i >= inner.states && outer.stateOf(inner.op->getOperand(i));
    if (i < inner.states || isRow)
      ofStates.insert(argument);
  }
  for (Operation &op : inner.body().without_terminator()) {
    llvm::SetVector<Value> used = usedBy(&op);
    auto isStacked = [&](Value value) { return stackedValues.contains(value) || isOfStep(value); };
    bool depends = llvm::any_of(used, isStacked);
    bool onStates = llvm::any_of(used, [&](Value value) { return ofStates.contains(value); });
    if (!depends)
      continue;
    SmallVector<bool> flags;
    for (Value operand : op.getOperands())
      flags.push_back(isStacked(operand));
    if (op.getNumRegions() != 0 || !Batching::hasForm(op, flags))
      return refuse("the cells of a diagonal cannot be computed at once: " + describeNode(&op) +
                    " has no form for many elements");
    if (onStates && operationKind(&op) == OperationKind::Library)
      return refuse(describeNode(&op) + " may fail on what is beyond the edges of the grid");
    for (auto [number, operand] : llvm::enumerate(op.getOperands()))
      if (number > 0 && ofStates.contains(operand) &&
          op.getName().stripDialect().starts_with("Gather"))
        return refuse(describeNode(&op) + " reads at a place that the state decides");
    stackedValues.insert(op.result_begin(), op.result_end());
    if (onStates)
      ofStates.insert(op.result_begin(), op.result_end());
  }
  return true;
}

bool GridLoop::match() {
  for (ScanLoop *loop : {&outer, &inner})
    if (!loop->isNormal())
      return refuse("a loop runs backwards, or along an axis that is not the first");
  if (!isMemoryEffectFree(outer.op))
    return refuse("something in the loop has effects");
  hoistInvariants({&outer.body(), &inner.body()});
  for (Value input : inner.inputs()) {
    std::optional<unsigned> state = outer.stateOf(input);
    if (!state || llvm::is_contained(rowStates, *state))
      continue;
    auto next = dyn_cast<OpResult>(outer.yield()->getOperand(*state));
    if (next && next.getOwner() == inner.op && next.getResultNumber() >= inner.states)
      rowStates.push_back(*state);
  }
  SmallVector<Value> ofGrid(inner.op->getResults());
  for (unsigned state : rowStates)
    ofGrid.push_back(outer.stateArguments()[state]);
  taintFrom(ofGrid);
  llvm::SetVector<Value> needed = usedByInner();
  for (Value value : needed) {
    if (!isTainted(value))
      continue;
    if (Operation *producer = value.getDefiningOp())
      return refuse("a cell needs " + describeNode(producer) +
                    ", which depends on all cells of the row before");
    if (llvm::is_contained(rowStates, *outer.stateOf(value)))
      return refuse("a cell reads more of the row before than the cell above it");
    Operation *next = outer.yield()->getOperand(*outer.stateOf(value)).getDefiningOp();
    return refuse(next
                      ? "a cell needs what " + describeNode(next) + " makes of the whole row before"
                      : "a cell needs a row that is not the one before it");
  }
  if (rowStates.empty())
    return refuse("what is scanned of the row before does not come from its cells");
  sliceBefore(needed.getArrayRef());
  return checkSizes(outer) && checkSizes(inner) && checkCell();
}

} // namespace heddle
