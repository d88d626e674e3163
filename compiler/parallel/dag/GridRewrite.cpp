// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A loop over rows becomes what is before the cells, the grid, and what is after.

#include "compiler/parallel/dag/GridLoop.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace heddle {

/// Values of a block that the operations, or what is in them, use.
static llvm::SetVector<Value> usedFrom(Block &block, ArrayRef<Operation *> operations) {
  llvm::SetVector<Value> used;
  for (Operation *op : operations)
    op->walk([&](Operation *nested) {
      for (Value operand : nested->getOperands())
        if (operand.getParentBlock() == &block)
          used.insert(operand);
    });
  return used;
}

bool GridLoop::isReadAfter(unsigned state) {
  return llvm::any_of(outer.stateArguments()[state].getUsers(),
                      [&](Operation *user) { return user != inner.op; });
}

GridScanOp GridLoop::buildGrid(OpBuilder &b) {
  SmallVector<Value> along, down, cells, rows, columns, cellsOf, rowsOf, columnsOf;
  for (Value initial : inner.initial())
    along.push_back(ofAllSteps(b, initial));
  for (unsigned state : rowStates)
    down.push_back(outer.initial()[state]);
  for (auto [element, input] : llvm::zip(inner.elements(), inner.inputs())) {
    if (outer.stateOf(input) && llvm::is_contained(rowStates, *outer.stateOf(input)))
      continue;
    (isOfStep(input) ? cells : columns).push_back(isOfStep(input) ? stacked.lookup(input) : input);
    (isOfStep(input) ? cellsOf : columnsOf).push_back(element);
  }
  SmallVector<Operation *> nested;
  for (Operation &op : inner.body())
    nested.push_back(&op);
  for (Value value : usedFrom(outer.body(), nested)) {
    rows.push_back(stacked.lookup(value));
    rowsOf.push_back(value);
  }
  SmallVector<Value> yields(inner.yield()->getOperands().take_front(inner.states));
  for (unsigned state : rowStates) {
    auto next = cast<OpResult>(outer.yield()->getOperand(state));
    yields.push_back(inner.yield()->getOperand(next.getResultNumber()));
  }
  SmallVector<Type> marks;
  SmallVector<Value> marksOf;
  for (unsigned i = inner.states; i < inner.op->getNumResults(); ++i) {
    Value result = inner.op->getResult(i);
    bool isWanted = llvm::any_of(result.getUses(), [&](OpOperand &use) {
      return use.getOwner() != outer.yield() ||
             !llvm::is_contained(rowStates, use.getOperandNumber()) ||
             isReadAfter(use.getOperandNumber());
    });
    if (!isWanted)
      continue;
    Dims dims = dimsOf(result);
    dims.insert(dims.begin(), length());
    marks.push_back(tensorWithDims(dims, elementOf(result)));
    marksOf.push_back(result);
    yields.push_back(inner.yield()->getOperand(i));
  }
  auto grid = GridScanOp::create(b, outer.op.getLoc(), ValueRange(along).getTypes(),
                                 ValueRange(down).getTypes(), marks, along, down, cells, rows,
                                 columns, StringAttr());
  Block &body = grid.getBody().emplaceBlock();
  IRMapping mapping;
  auto addArgument = [&](Value element, Type type) {
    mapping.map(element, body.addArgument(type, element.getLoc()));
  };
  for (Value state : inner.stateArguments())
    addArgument(state, state.getType());
  // Each row state once, however many of the inner loop's inputs it is.
  for (unsigned state : rowStates) {
    BlockArgument argument;
    for (auto [element, input] : llvm::zip(inner.elements(), inner.inputs()))
      if (outer.stateOf(input) == state) {
        if (!argument)
          argument = body.addArgument(element.getType(), element.getLoc());
        mapping.map(element, argument);
      }
  }
  for (Value value : llvm::concat<Value>(cellsOf, rowsOf, columnsOf))
    addArgument(value, value.getType());
  OpBuilder inside = OpBuilder::atBlockEnd(&body);
  for (Operation &op : inner.body().without_terminator())
    inside.clone(op, mapping);
  for (Value &value : yields)
    value = mapping.lookupOrDefault(value);
  YieldOp::create(inside, grid.getLoc(), yields);

  for (unsigned i = 0; i < inner.states; ++i)
    stacked[inner.op->getResult(i)] = grid.getLastAlong()[i];
  for (auto [result, mark] : llvm::zip(marksOf, grid.getMarks()))
    stacked[result] = mark;
  for (auto [state, last] : llvm::zip(rowStates, grid.getLastDown()))
    outer.op->getResult(state).replaceAllUsesWith(last);
  return grid;
}

/// What is made of finished rows, and results that are not the cells' own.
void GridLoop::buildAfter(OpBuilder &b) {
  SmallVector<Operation *> operations;
  for (Operation &op : outer.body().without_terminator())
    if (&op != inner.op && !before.contains(&op))
      operations.push_back(&op);
  // Collected values that are there for all rows already.
  SmallVector<unsigned> collected;
  for (unsigned i = outer.states; i < outer.op->getNumResults(); ++i) {
    if (Value all = stacked.lookup(outer.yield()->getOperand(i)))
      outer.op->getResult(i).replaceAllUsesWith(all);
    else if (!outer.op->getResult(i).use_empty())
      collected.push_back(i);
  }
  SmallVector<unsigned> states;
  bool isNeeded = !collected.empty();
  for (unsigned i = 0; i < outer.states; ++i) {
    bool isRow = llvm::is_contained(rowStates, i);
    if (statesBefore.contains(i) || (isRow && !isReadAfter(i)))
      continue;
    isNeeded |= !isRow && !outer.op->getResult(i).use_empty();
    states.push_back(i);
  }
  if (!isNeeded)
    return;
  llvm::SetVector<Value> used = usedFrom(outer.body(), operations);
  for (Value value : outer.yield()->getOperands())
    if (isOfStep(value))
      used.insert(value);
  SmallVector<Value> initial, elements, inputs;
  for (unsigned state : states)
    initial.push_back(outer.initial()[state]);
  for (Value value : used)
    if (Value all = stacked.lookup(value)) {
      elements.push_back(value);
      inputs.push_back(all);
    }
  if (inputs.empty())
    inputs.push_back(outer.inputs().front());
  auto scan = buildScan(
      b, outer.op.getLoc(), initial, inputs,
      [&](OpBuilder &inside, ValueRange stateArgs, ValueRange elementArgs) {
        IRMapping mapping;
        mapping.map(elements, elementArgs.take_front(elements.size()));
        for (auto [state, argument] : llvm::zip(states, stateArgs))
          mapping.map(outer.stateArguments()[state], argument);
        for (Operation *op : operations)
          inside.clone(*op, mapping);
        ScanStep step;
        for (unsigned state : states)
          step.states.push_back(mapping.lookupOrDefault(outer.yield()->getOperand(state)));
        for (unsigned i : collected)
          step.collected.push_back(mapping.lookupOrDefault(outer.yield()->getOperand(i)));
        return step;
      });
  for (auto [i, state] : llvm::enumerate(states))
    outer.op->getResult(state).replaceAllUsesWith(scan->getResult(i));
  for (auto [i, result] : llvm::enumerate(collected))
    outer.op->getResult(result).replaceAllUsesWith(scan->getResult(states.size() + i));
}

GridScanOp GridLoop::rewrite() {
  OpBuilder b(outer.op);
  buildBefore(b);
  GridScanOp grid = buildGrid(b);
  buildAfter(b);
  outer.op->erase();
  return grid;
}

} // namespace heddle
