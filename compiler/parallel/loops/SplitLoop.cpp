// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/loops/SplitLoop.h"

#include "compiler/source/Arithmetic.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace heddle {

llvm::SetVector<Value> usedBy(Operation *op) {
  llvm::SetVector<Value> used(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), used);
  return used;
}

/// On its operands' values: then it must not run where the loop has no steps.
static bool mayFail(Operation *op) { return op->getName().stripDialect().starts_with("Gather"); }

void SplitLoop::hoistInvariants(ArrayRef<Block *> blocks) {
  for (Block *body : blocks)
    for (Operation &op : llvm::make_early_inc_range(body->without_terminator()))
      if (op.getNumRegions() == 0 && isMemoryEffectFree(&op) && !mayFail(&op) &&
          llvm::none_of(op.getOperands(), [&](Value operand) {
            return outer.op->isAncestor(operand.getParentBlock()->getParentOp());
          }))
        op.moveBefore(outer.op);
}

void SplitLoop::taintFrom(ValueRange values) {
  tainted.insert(values.begin(), values.end());
  for (size_t count = 0; count != tainted.size();) {
    count = tainted.size();
    for (Operation &op : outer.body().without_terminator())
      if (llvm::any_of(usedBy(&op), [&](Value value) { return isTainted(value); }))
        tainted.insert(op.result_begin(), op.result_end());
    for (unsigned i = 0; i < outer.states; ++i)
      if (isTainted(outer.yield()->getOperand(i)))
        tainted.insert(outer.stateArguments()[i]);
  }
}

void SplitLoop::sliceBefore(ArrayRef<Value> needed) {
  SmallVector<Value> worklist;
  llvm::DenseSet<Value> seen;
  auto visit = [&](Value value) {
    if (isOfStep(value) && seen.insert(value).second)
      worklist.push_back(value);
  };
  llvm::for_each(needed, visit);
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    if (Operation *producer = value.getDefiningOp()) {
      if (before.insert(producer))
        llvm::for_each(usedBy(producer), visit);
    } else if (std::optional<unsigned> state = outer.stateOf(value)) {
      statesBefore.insert(*state);
      visit(outer.yield()->getOperand(*state));
    }
  }
}

bool SplitLoop::checkSizes(ScanLoop &loop) {
  auto first = [](Value value) { return dimsOf(value).front(); };
  for (Value input : loop.inputs())
    if (first(input) != first(loop.inputs().front()))
      return refuse("the lengths " + first(loop.inputs().front()).str() + " and " +
                    first(input).str() + " of what is scanned are not known to be equal");
  for (unsigned i = 0; i < loop.states; ++i)
    if (loop.initial()[i].getType() != loop.body().getArgument(i).getType() ||
        loop.yield()->getOperand(i).getType() != loop.body().getArgument(i).getType())
      return refuse("the loop carries a value whose size changes");
  return true;
}

Value SplitLoop::ofAllSteps(OpBuilder &b, Value value) {
  if (Value all = stacked.lookup(value))
    return all;
  assert(!isOfStep(value) && "values of a step are stacked before they are used");
  Dims dims = dimsOf(value);
  dims.insert(dims.begin(), length());
  return Arithmetic(b, value.getLoc()).expandedTo(value, dims, outer.inputs().front());
}

void SplitLoop::buildBefore(OpBuilder &b) {
  for (auto [element, input] : llvm::zip(outer.elements(), outer.inputs()))
    stacked[element] = input;
  if (before.empty() && statesBefore.empty())
    return;
  SmallVector<Value> initial, made;
  // Of what is before, all that others use is collected.
  auto collect = [&](Value value) {
    if (llvm::any_of(value.getUsers(), [&](Operation *user) {
          return !before.contains(outer.body().findAncestorOpInBlock(*user));
        }))
      made.push_back(value);
  };
  for (unsigned state : statesBefore) {
    initial.push_back(outer.initial()[state]);
    collect(outer.stateArguments()[state]);
  }
  SmallVector<Operation *> operations; // in the order of the block
  for (Operation &op : outer.body())
    if (before.contains(&op))
      operations.push_back(&op);
  for (Operation *op : operations)
    llvm::for_each(op->getResults(), collect);
  auto scan = buildScan(b, outer.op.getLoc(), initial, outer.inputs(),
                        [&](OpBuilder &inside, ValueRange states, ValueRange elements) {
                          IRMapping mapping;
                          mapping.map(outer.elements(), elements);
                          for (auto [state, value] : llvm::zip(statesBefore, states))
                            mapping.map(outer.stateArguments()[state], value);
                          for (Operation *op : operations)
                            inside.clone(*op, mapping);
                          ScanStep step;
                          for (unsigned state : statesBefore)
                            step.states.push_back(
                                mapping.lookupOrDefault(outer.yield()->getOperand(state)));
                          for (Value value : made)
                            step.collected.push_back(mapping.lookup(value));
                          return step;
                        });
  for (auto [i, state] : llvm::enumerate(statesBefore))
    outer.op->getResult(state).replaceAllUsesWith(scan->getResult(i));
  for (auto [i, value] : llvm::enumerate(made))
    stacked[value] = scan->getResult(statesBefore.size() + i);
}

} // namespace heddle
