// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/tasks/UnusedTasks.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace heddle {

void bypass(task::TaskInterface task) {
  SmallVector<Value> before;
  for (OpOperand &token : task.getAfterMutable())
    before.push_back(token.get());
  for (Operation *user : llvm::make_early_inc_range(task.getDone().getUsers()))
    cast<task::TaskInterface>(user).getAfterMutable().assign(before);
}

static bool isUnused(Value value) { return value.use_empty(); }

/// Captures are the last operands, all present, and the last arguments of all graphs.
static void eraseUnusedCaptures(task::ControlOp control, ArrayRef<task::GraphOp> graphs) {
  unsigned kept = control.getCaptures();
  for (unsigned fromEnd = 1; fromEnd <= kept;) {
    unsigned operand = control.getInputs().size() - fromEnd;
    auto argumentOf = [&](task::GraphOp graph) {
      Block &body = graph.getBody().front();
      return body.getArgument(body.getNumArguments() - fromEnd);
    };
    if (!cast<ShapedType>(control.getInputs()[operand].getType()).hasStaticShape() ||
        !llvm::all_of(llvm::map_range(graphs, argumentOf), isUnused)) {
      ++fromEnd;
      continue;
    }
    for (task::GraphOp graph : graphs)
      graph.getBody().front().eraseArgument(argumentOf(graph).getArgNumber());
    control.getInputsMutable().erase(operand);
    --kept;
  }
  control.setPresent(control.getPresent().drop_back(control.getCaptures() - kept));
  control.setCaptures(kept);
}

void eraseUnused(ModuleOp module, task::GraphOp graph) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(graph.getBody().front()))) {
    if (auto control = dyn_cast<task::ControlOp>(op)) {
      SmallVector<task::GraphOp> graphs = graphsOf(module, control);
      for (task::GraphOp inner : graphs)
        eraseUnused(module, inner);
      eraseUnusedCaptures(control, graphs);
    }
    auto launch = dyn_cast<task::LaunchOp>(op);
    if (launch && llvm::all_of(launch.getOutputs(), isUnused))
      bypass(launch);
    else if (!isOpTriviallyDead(&op))
      continue;
    op.erase();
  }
}

} // namespace heddle
