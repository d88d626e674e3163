// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `heddle plan`: its subcommands.

#include "tools/heddle/Console.h"
#include "tools/heddle/plan/PlanCommands.h"

namespace heddle::cli {

Command addPlan(CLI::App &app) {
  app.require_subcommand(1);
  auto commands = std::make_shared<std::vector<std::pair<CLI::App *, Command>>>();
  auto add = [&](const char *name, const char *what, Command (*setUp)(CLI::App &)) {
    CLI::App *command = app.add_subcommand(name, what);
    commands->emplace_back(command, setUp(*command));
  };
  add("check", "Check a plan against its tools; runs nothing", addPlanCheck);
  add("explain", "Show what would run, beside what, and why", addPlanExplain);
  add("run", "Run a plan: independent calls at the same time", addPlanRun);
  add("ask", "Let a language model plan, run its plan while it writes, and answer", addPlanAsk);
  add("resume", "Go on with a run whose process ended", addPlanResume);
  add("tools", "List every tool, those of MCP servers included", addPlanTools);
  return [commands] {
    for (auto &[command, execute] : *commands)
      if (command->parsed())
        return execute();
    return int(exitBadRequest);
  };
}

} // namespace heddle::cli
