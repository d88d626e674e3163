// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/plan/PlanText.h"

#include "runtime/support/status_macros.h"

#include <cstdio>

namespace heddle::cli {

void PlanTextFlags::addTo(CLI::App &app) {
  app.add_option("plan", plan,
                 "The plan's text, a JSON plan or an OpenAI tool_calls array; - is standard input")
      ->required();
  app.add_option("--tools", tools, "The tools file (docs/tools.md)")->required();
  app.add_option("--max-calls", maxCalls, "The most calls a plan may have")
      ->check(CLI::Range(1, 10'000'000));
}

PlanReadOptions PlanTextFlags::options() const {
  PlanReadOptions options;
  options.maxCalls = maxCalls;
  return options;
}

absl::StatusOr<CheckedPlan> PlanTextFlags::read(PlanSession &session) const {
  HEDDLE_ASSIGN_OR_RETURN(std::string text, readText(plan));
  HEDDLE_RETURN_IF_ERROR(session.load(toolsNamedIn(text, options())));
  return parsePlan(text, plan == "-" ? "<stdin>" : plan, session.catalog(), options());
}

void printDiagnostics(const CheckedPlan &checked) {
  for (const PlanDiagnostic &diagnostic : checked.diagnostics)
    std::fputs(render(diagnostic, checked.source).c_str(), stderr);
}

Json toJson(const CheckedPlan &checked) {
  Json diagnostics = Json::array();
  for (const PlanDiagnostic &diagnostic : checked.diagnostics) {
    auto place = checked.source.place(diagnostic.range.begin);
    diagnostics.push_back({{"file", checked.source.name()},
                           {"line", place.line},
                           {"column", place.column},
                           {"severity", toText(diagnostic.severity)},
                           {"message", diagnostic.message}});
  }
  return {{"ok", checked.ok()}, {"calls", checked.plan.calls.size()}, {"diagnostics", diagnostics}};
}

} // namespace heddle::cli
