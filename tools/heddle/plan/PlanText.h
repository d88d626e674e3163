// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A plan named on the command line: its options, reading and checking it, and what is wrong with it.

#ifndef HEDDLE_TOOLS_HEDDLE_PLAN_PLANTEXT_H
#define HEDDLE_TOOLS_HEDDLE_PLAN_PLANTEXT_H

#include "frontends/plan/PlanReader.h"
#include "tools/heddle/CommandLine.h"
#include "tools/heddle/plan/PlanSession.h"

namespace heddle::cli {

struct PlanTextFlags {
  std::string plan, tools;
  size_t maxCalls = 100'000;

  void addTo(CLI::App &app);
  /// Reads the plan, asks the servers whose tools it may name, and checks it.
  absl::StatusOr<CheckedPlan> read(PlanSession &session) const;
  PlanReadOptions options() const;
};

/// On standard error, with the line and a caret.
void printDiagnostics(const CheckedPlan &checked);
/// {"ok", "calls", "diagnostics"}
Json toJson(const CheckedPlan &checked);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_PLAN_PLANTEXT_H
