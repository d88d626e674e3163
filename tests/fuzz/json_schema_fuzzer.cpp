// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A schema and a value, {"schema": ..., "value": ..., "output": ...}: checked as JSON and as what a
// plan calls a tool with, and the schema's tool described and made into grammars.

#include "frontends/plan/PlanGrammar.h"
#include "frontends/plan/ToolPrompt.h"
#include "plan_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace heddle;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  absl::StatusOr<Json> input = ParseJson(text, {});
  if (!input.ok() || !input->is_object()) return 0;
  Json schema = input->value("schema", Json()), value = input->value("value", Json());
  (void)CheckSchema(value, SchemaView(schema));

  class OneTool : public ToolCatalog {
   public:
    const ToolDescription* find(std::string_view name) const override {
      return name == "t" ? &tool : nullptr;
    }
    std::vector<std::string> names() const override { return {"t"}; }
    ToolDescription tool;
  } catalog;
  catalog.tool.name = "t";
  catalog.tool.input_schema = schema;
  catalog.tool.output_schema = input->value("output", Json());
  Json plan = {{"calls",
                {{{"id", 1}, {"tool", "t"}, {"args", value}},
                 {{"id", 2}, {"tool", "t"}, {"args", {{"a", "${1.a[0]}"}, {"b", "$1"}}}}}}};
  checkRoundTrip(ToText(plan), catalog);
  (void)describeTool(catalog.tool);
  (void)planGrammarGbnf({&catalog.tool});
  (void)planGrammarSchema({&catalog.tool});
  return 0;
}
