// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/plan/PlanRules.h"

using namespace mlir;

namespace heddle {

PlanRules::PlanRules(func::FuncOp function) {
  std::map<std::string, ToolDescription> tools;
  for (auto tool : function->getParentOfType<ModuleOp>().getOps<ToolOp>())
    tools.emplace(tool.getSymName().str(), exportTool(tool));
  function.walk([&](CallToolOp call) { calls[call.getId()] = call; });
  auto toolOf = [&](const std::string &name) {
    auto found = tools.find(name);
    return found == tools.end() ? nullptr : &found->second;
  };
  // Folding is a pass of its own.
  auto evaluate = [](const std::string &, const Json &) { return std::nullopt; };
  explanation = Explain(exportPlan(function), toolOf, evaluate, ToolCosts());
}

void PlanRules::forEach(Explanation::Kind kind,
                        llvm::function_ref<void(CallToolOp call, CallToolOp other)> apply) const {
  for (const Explanation &decision : explanation.explanations)
    if (decision.kind == kind)
      apply(calls.lookup(decision.call),
            decision.other ? calls.lookup(*decision.other) : CallToolOp());
}

} // namespace heddle
