// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tools to check plans against, and a listener that writes down what it hears.

#ifndef HEDDLE_TESTS_UNIT_PLAN_PLAN_TESTING_H
#define HEDDLE_TESTS_UNIT_PLAN_PLAN_TESTING_H

#include <map>
#include <string>
#include <vector>

#include "frontends/plan/PlanPrinter.h"
#include "frontends/plan/PlanReader.h"

namespace heddle {

class TestCatalog : public ToolCatalog {
 public:
  TestCatalog() {
    add("search", R"({"type": "object", "properties": {"query": {"type": "string"},
                      "limit": {"type": "integer", "minimum": 1}}, "required": ["query"]})",
        R"({"type": "object", "properties": {"items": {"type": "array", "items":
            {"type": "object", "properties": {"name": {"type": "string"},
             "price": {"type": "number"}}}}, "total": {"type": "integer"}}})");
    add("math", R"({"type": "object", "properties": {"expression": {"type": "string"}},
                    "required": ["expression"]})");
    add("any", R"({"type": "object", "properties": {"value": {}, "more": {}}})");
    add("open", "{}");
    add("sum", R"({"type": "object", "properties": {"numbers": {"type": "array",
                   "items": {"type": "number"}}}, "required": ["numbers"]})",
        R"({"type": "number"})");
    add("files.read-all/v2", R"({"type": "object", "properties": {"path": {"type": "string"}}})");
    add("now", R"({"type": "object", "properties": {}})");
  }

  void add(std::string name, std::string_view input, std::string_view output = {}) {
    ToolDescription tool;
    tool.name = name;
    tool.input_schema = Json::parse(input);
    if (!output.empty()) tool.output_schema = Json::parse(output);
    tools[std::move(name)] = std::move(tool);
  }

  const ToolDescription* find(std::string_view name) const override {
    auto found = tools.find(std::string(name));
    return found == tools.end() ? nullptr : &found->second;
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, tool] : tools) names.push_back(name);
    return names;
  }

 private:
  std::map<std::string, ToolDescription> tools;
};

/// "1. search(...)", "broken 2 search", "join($1)", "error: ...", in the order they came.
class WritingListener : public PlanListener {
 public:
  void onCall(PlanCall call) override { events.push_back(toPlanText(call)); }
  void onBroken(BrokenCall call) override {
    events.push_back("broken " + std::to_string(call.id) + " " + call.tool);
  }
  void onJoin(PlanJoin join) override {
    std::string text = "join(";
    for (const Template& argument : join.arguments) text += toPlanText(argument) + ";";
    events.push_back(text + ")");
  }
  void onDiagnostic(const PlanDiagnostic& diagnostic) override {
    events.push_back(std::string(toText(diagnostic.severity)) + ": " + diagnostic.message);
  }

  std::vector<std::string> events;
};

inline CheckedPlan parse(std::string_view text) {
  static const TestCatalog catalog;
  return parsePlan(text, "plan.txt", catalog);
}

/// The plan as it is printed, and behind it "LINE:COLUMN: error: MESSAGE" for each diagnostic.
inline std::string summary(std::string_view text) {
  CheckedPlan checked = parse(text);
  std::string result = toPlanText(checked.plan);
  for (const PlanDiagnostic& diagnostic : checked.diagnostics) {
    SourceText::Place place = checked.source.place(diagnostic.range.begin);
    result += std::to_string(place.line) + ":" + std::to_string(place.column) + ": " +
              std::string(toText(diagnostic.severity)) + ": " + diagnostic.message + "\n";
  }
  return result;
}

}  // namespace heddle

#endif  // HEDDLE_TESTS_UNIT_PLAN_PLAN_TESTING_H
