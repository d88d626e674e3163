// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The subcommands of `heddle plan`: each adds its options and gives the function that runs it and
// returns the exit code.

#ifndef HEDDLE_TOOLS_HEDDLE_PLAN_PLANCOMMANDS_H
#define HEDDLE_TOOLS_HEDDLE_PLAN_PLANCOMMANDS_H

#include "tools/heddle/CommandLine.h"

namespace heddle::cli {

Command addPlanCheck(CLI::App &app);
Command addPlanExplain(CLI::App &app);
Command addPlanRun(CLI::App &app);
Command addPlanAsk(CLI::App &app);
Command addPlanResume(CLI::App &app);
Command addPlanTools(CLI::App &app);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_PLAN_PLANCOMMANDS_H
