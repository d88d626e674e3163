// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/math_tool.h"

#include "absl/strings/str_cat.h"
#include "runtime/tools/math.h"
#include "runtime/tools/tool_result.h"

namespace heddle {
namespace {

// The member of the arguments that is the expression: the schema's first, whatever it is called.
std::string ExpressionName(const ToolDescription& description) {
  auto properties = description.input_schema.find("properties");
  if (properties == description.input_schema.end() || !properties->is_object() ||
      properties->empty() || properties->contains("expression")) {
    return "expression";
  }
  return properties->begin().key();
}

ToolOutcome EvaluateOne(const std::string& name, const Json& arguments) {
  const auto expression = arguments.is_object() ? arguments.find(name) : arguments.end();
  if (!arguments.is_object() || expression == arguments.end() ||
      !(expression->is_string() || expression->is_number())) {
    return ErrorFromStatus(
        absl::InvalidArgumentError(absl::StrCat("\"", name, "\" must be an expression, a string")));
  }
  absl::StatusOr<Json> value = EvaluateMath(ToPlainText(*expression));
  if (!value.ok()) return ErrorFromStatus(value.status());
  return *std::move(value);
}

class MathTool : public Tool {
 public:
  using Tool::Tool;
  std::unique_ptr<ToolCall> StartCall(Json arguments, const ToolCallOptions&, Done done) override {
    done(EvaluateMathCall(description(), arguments));
    return nullptr;
  }
  bool evaluates() const override { return true; }
  std::optional<Json> Evaluate(const Json& arguments) const override {
    ToolOutcome outcome = EvaluateMathCall(description(), arguments);
    auto* value = std::get_if<Json>(&outcome);
    return value ? std::optional(std::move(*value)) : std::nullopt;
  }
};

}  // namespace

ToolOutcome EvaluateMathCall(const ToolDescription& description, const Json& arguments) {
  const std::string name = ExpressionName(description);
  if (!arguments.is_array()) return EvaluateOne(name, arguments);
  Json results = Json::array();
  for (const Json& call : arguments) {
    ToolOutcome outcome = EvaluateOne(name, call);
    if (std::holds_alternative<ToolError>(outcome)) return outcome;
    results.push_back(std::get<Json>(std::move(outcome)));
  }
  return results;
}

std::unique_ptr<Tool> MakeMathTool(const ToolSpec& spec) {
  ToolDescription description = spec.description;
  if (!spec.has_schema) {
    description.input_schema = {
        {"type", "object"},
        {"properties",
         {{"expression",
           {{"type", "string"},
            {"description", "Arithmetic on plain numbers, such as (3 + 4) / 2"}}}}},
        {"required", Json::array({"expression"})}};
  }
  return std::make_unique<MathTool>(std::move(description));
}

}  // namespace heddle
