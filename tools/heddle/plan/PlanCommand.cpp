// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `heddle plan`: its subcommands.

#include "tools/heddle/Console.h"
#include "tools/heddle/plan/PlanCommands.h"

#include <algorithm>
#include <sys/resource.h>

namespace heddle::cli {

/// A call in flight holds up to four descriptors, and the usual soft limit of 1024 is there for
/// programs that use select(); what may be in flight at once follows from it. Children inherit it,
/// and some go through all descriptors there could be, so an endless hard limit is not taken whole.
static void raiseDescriptorLimit() {
  constexpr rlim_t enough = 1 << 20;
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = std::max(limit.rlim_cur, std::min(limit.rlim_max, enough));
  setrlimit(RLIMIT_NOFILE, &limit); // without it fewer calls are in flight at once
}

Command addPlan(CLI::App &app) {
  auto commands = std::make_shared<Subcommands>(app);
  commands->add("check", "Check a plan against its tools; runs nothing", addPlanCheck);
  commands->add("explain", "Show what would run, beside what, and why", addPlanExplain);
  commands->add("run", "Run a plan: independent calls at the same time", addPlanRun);
  commands->add("ask", "Let a language model plan, run its plan while it writes, and answer",
                addPlanAsk);
  commands->add("resume", "Go on with a run whose process ended", addPlanResume);
  commands->add("tools", "List every tool, those of MCP servers included", addPlanTools);
  return [commands] {
    raiseDescriptorLimit();
    return commands->run();
  };
}

} // namespace heddle::cli
