// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/tasks/SplitConstants.h"

#include "compiler/tasks/LowerToTasks.h"
#include "compiler/tasks/UnusedTasks.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace heddle {

/// The operations so that each comes just after those that only it needs: few values then wait for
/// their use at a time, and computing all constants takes little more memory than they do.
static SmallVector<Operation *> nearTheirUses(ArrayRef<Operation *> moved) {
  llvm::SetVector<Operation *> ordered;
  llvm::SmallPtrSet<Operation *, 16> all(moved.begin(), moved.end());
  auto isRead = [&](Value result) {
    return isa<RankedTensorType>(result.getType()) &&
           llvm::any_of(result.getUsers(), [&](Operation *user) { return all.contains(user); });
  };
  // What nothing here reads is last on the stack, so first; the rest is reached from there.
  SmallVector<Operation *> stack;
  for (bool read : {true, false})
    for (Operation *op : llvm::reverse(moved))
      if (llvm::any_of(op->getResults(), isRead) == read)
        stack.push_back(op);
  while (!stack.empty()) {
    Operation *op = stack.back();
    size_t before = stack.size();
    for (Value operand : op->getOperands())
      if (Operation *source = operand.getDefiningOp(); isa<RankedTensorType>(operand.getType()) &&
                                                       all.contains(source) &&
                                                       !ordered.contains(source))
        stack.push_back(source);
    if (stack.size() != before)
      continue;
    ordered.insert(op);
    stack.pop_back();
  }
  return ordered.takeVector();
}

/// Copies `moved` and the constants they read to the end of `body`, in their order.
static IRMapping copyInto(Block &body, ArrayRef<Operation *> moved) {
  OpBuilder b = OpBuilder::atBlockEnd(&body);
  IRMapping copies;
  Value previous;
  for (Operation *op : moved) {
    for (Value operand : op->getOperands())
      if (auto constant = operand.getDefiningOp<task::ConstantOp>())
        if (!copies.contains(operand))
          b.clone(*constant, copies);
    // The order among moved tasks stays; what else they waited for is not there.
    if (auto task = dyn_cast<task::TaskInterface>(b.clone(*op, copies))) {
      task.getAfterMutable().assign(previous ? ValueRange(previous) : ValueRange());
      previous = task.getDone();
    }
  }
  return copies;
}

void splitConstants(task::GraphOp main, const llvm::DenseSet<Value> &constants) {
  Block &body = main.getBody().front();
  llvm::SetVector<Operation *> moved;
  for (Operation &op : body)
    if (!isa<task::ConstantOp>(op) && op.getNumResults() != 0 &&
        constants.contains(op.getResult(0)))
      moved.insert(&op);
  if (moved.empty())
    return;

  OpBuilder b(main);
  b.setInsertionPointAfter(main);
  auto graph = task::GraphOp::create(b, main.getLoc(), b.getStringAttr(kConstantsGraph),
                                     b.getArrayAttr({}), b.getArrayAttr({}));
  Block &graphBody = graph.getBody().emplaceBlock();
  IRMapping copies = copyInto(graphBody, nearTheirUses(moved.getArrayRef()));

  SmallVector<Value> outputs;
  for (Operation *op : moved) {
    if (auto task = dyn_cast<task::TaskInterface>(op))
      bypass(task);
    for (Value result : op->getResults()) {
      auto isOutside = [&](OpOperand &use) { return !moved.contains(use.getOwner()); };
      if (isa<task::TokenType>(result.getType()) || llvm::none_of(result.getUses(), isOutside))
        continue;
      outputs.push_back(copies.lookup(result));
      result.replaceUsesWithIf(body.addArgument(result.getType(), result.getLoc()), isOutside);
    }
  }
  b.setInsertionPointToEnd(&graphBody);
  task::YieldOp::create(b, main.getLoc(), outputs);
  for (Operation *op : llvm::reverse(moved))
    op->erase();
}

} // namespace heddle
