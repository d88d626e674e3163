// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the fuzzers of plans share: a few tools, a log of everything a listener hears, and the check
// that accepted plans print and read again as the same.

#ifndef HEDDLE_TESTS_FUZZ_PLAN_FUZZING_H
#define HEDDLE_TESTS_FUZZ_PLAN_FUZZING_H

#include <cstdlib>
#include <string>

#include "frontends/plan/PlanPrinter.h"
#include "frontends/plan/PlanReader.h"

namespace heddle {

class FuzzCatalog : public ToolCatalog {
 public:
  FuzzCatalog() {
    any.name = "a";
    typed.name = "s";
    typed.input_schema = Json::parse(R"({"properties": {"q": {"type": "string"}, "n": {"anyOf":
        [{"type": "integer"}, {"type": "array", "items": {"$ref": "#"}}]}}, "required": ["q"]})");
    typed.output_schema =
        Json::parse(R"({"type": "object", "properties": {"x": {"type": "string"}}})");
  }
  const ToolDescription* find(std::string_view name) const override {
    return name == "a" ? &any : name == "s" ? &typed : nullptr;
  }
  std::vector<std::string> names() const override { return {"a", "s"}; }

 private:
  ToolDescription any, typed;
};

class EventLog : public PlanListener {
 public:
  void onCall(PlanCall call) override { add(call.where, toPlanText(call)); }
  void onBroken(BrokenCall call) override {
    add(call.where, "broken " + std::to_string(call.id) + " " + call.tool);
  }
  void onJoin(PlanJoin join) override {
    SourceRange where = join.where;
    add(where, toPlanText(Plan{{}, std::move(join)}));
  }
  void onDiagnostic(const PlanDiagnostic& diagnostic) override {
    add(diagnostic.range, std::string(toText(diagnostic.severity)) + " " + diagnostic.message);
  }

  std::string text;

 private:
  void add(SourceRange range, const std::string& what) {
    text += std::to_string(range.begin) + "-" + std::to_string(range.end) + ": " + what + "\n";
  }
};

inline void checkRoundTrip(std::string_view text, const ToolCatalog& catalog) {
  CheckedPlan checked = parsePlan(text, "fuzz", catalog);
  for (const PlanDiagnostic& diagnostic : checked.diagnostics) {
    if (diagnostic.range.begin > text.size() || diagnostic.range.end > text.size()) std::abort();
    (void)render(diagnostic, checked.source);
  }
  if (!checked.ok() || !checked.plan.join) return;
  std::string printed = toPlanText(checked.plan);
  CheckedPlan again = parsePlan(printed, "fuzz", catalog);
  if (!again.ok() || toPlanText(again.plan) != printed) std::abort();
}

}  // namespace heddle

#endif  // HEDDLE_TESTS_FUZZ_PLAN_FUZZING_H
