// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/planner/native_calls.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "frontends/plan/ToolCatalog.h"
#include "runtime/plan/json_schema.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

constexpr size_t kMaxName = 64;

std::string NativeName(const std::string& name) {
  std::string native = name.substr(0, kMaxName);
  for (char& c : native) {
    if (!absl::ascii_isalnum(c) && c != '-') c = '_';
  }
  return native;
}

}  // namespace

NativeTools::NativeTools(const std::vector<const ToolDescription*>& tools) {
  for (const ToolDescription* tool : tools) by_name_[tool->name] = tool;
  for (const ToolDescription* tool : tools) {
    std::string name = NativeName(tool->name);
    for (int i = 2; by_name_.count(name) && by_name_[name] != tool; ++i) {
      const std::string number = absl::StrCat("_", i);
      name = NativeName(tool->name).substr(0, kMaxName - number.size()) + number;
    }
    by_name_[name] = tool;
    tools_.push_back({{"type", "function"},
                      {"function",
                       {{"name", name},
                        {"description", tool->description},
                        {"parameters", tool->input_schema}}}});
  }
}

absl::StatusOr<PlanCall> NativeTools::ToPlanCall(const ChatToolCall& call, CallId id) const {
  const auto found = by_name_.find(call.name);
  if (found == by_name_.end()) {
    std::vector<std::string> names;
    for (const auto& [name, tool] : by_name_) names.push_back(name);
    return absl::InvalidArgumentError(
        absl::StrCat("there is no tool ", Quoted(call.name), didYouMean(call.name, names)));
  }
  const std::string text = call.arguments.empty() ? "{}" : call.arguments;
  const absl::StatusOr<Json> arguments = ParseJson(text, {});
  if (!arguments.ok() || !arguments->is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the arguments are no JSON object: ", Quoted(text)));
  }
  const ToolDescription& tool = *found->second;
  std::string errors;
  for (const SchemaError& error : CheckSchema(*arguments, SchemaView(tool.input_schema))) {
    absl::StrAppend(&errors, errors.empty() ? "" : "; ",
                    error.path.empty() ? tool.name : error.path.substr(1), ": ", error.message);
  }
  if (!errors.empty()) return absl::InvalidArgumentError(errors);
  PlanCall plan_call;
  plan_call.id = id;
  plan_call.tool = tool.name;
  for (const auto& [name, value] : arguments->items()) {
    plan_call.arguments.members.push_back({name, Template{value, {}}});
  }
  return plan_call;
}

}  // namespace heddle
