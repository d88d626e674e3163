// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/tasks/SinkConstants.h"

using namespace mlir;

namespace heddle {

/// Gives `graph` constants of its own in the place of those among its captures.
static void sinkInto(task::GraphOp graph, OperandRange captures) {
  Block &body = graph.getBody().front();
  OpBuilder b = OpBuilder::atBlockBegin(&body);
  for (auto [argument, capture] :
       llvm::zip_equal(body.getArguments().take_back(captures.size()), captures))
    if (auto constant = capture.getDefiningOp<task::ConstantOp>();
        constant && !argument.use_empty())
      argument.replaceAllUsesWith(b.clone(*constant)->getResult(0));
}

void sinkConstants(ModuleOp module, task::GraphOp graph) {
  for (auto control : graph.getBody().front().getOps<task::ControlOp>())
    for (task::GraphOp inner : graphsOf(module, control)) {
      sinkInto(inner, control.getInputs().take_back(control.getCaptures()));
      sinkConstants(module, inner);
    }
}

} // namespace heddle
