// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/tool_set.h"

#include <optional>
#include <utility>

#include "runtime/support/status_macros.h"
#include "runtime/tools/math_tool.h"
#include "runtime/tools/mcp/mcp_server.h"
#include "runtime/tools/model_tool.h"

namespace heddle {

absl::Status ToolSet::Add(const ToolsFile& file, std::function<void(const std::string&)> warn) {
  HEDDLE_RETURN_IF_ERROR(AddTools(file, host_, registry_, MakeModelTool));
  for (const McpServerSpec& server : file.servers) {
    McpServerOptions options = McpOptionsOf(server);
    options.warn = warn;
    registry_.AddSource(MakeMcpServer(loop_, host_.http, std::move(options)));
  }
  for (const ToolSpec& tool : file.tools) {
    if (std::holds_alternative<BuiltinRun>(tool.run)) builtins_.emplace(tool.description.name, tool);
  }
  secrets_.insert(secrets_.end(), file.secrets.begin(), file.secrets.end());
  return absl::OkStatus();
}

const BuiltinRun* ToolSet::FindBuiltin(const std::string& tool) const {
  auto found = builtins_.find(tool);
  return found == builtins_.end() ? nullptr : &std::get<BuiltinRun>(found->second.run);
}

Evaluate ToolSet::evaluate() const {
  return [this](const std::string& tool, const Json& arguments) -> std::optional<Json> {
    auto found = builtins_.find(tool);  // math is the only one
    if (found == builtins_.end()) return std::nullopt;
    ToolOutcome outcome = EvaluateMathCall(found->second.description, arguments);
    auto* value = std::get_if<Json>(&outcome);
    return value ? std::optional<Json>(std::move(*value)) : std::nullopt;
  };
}

}  // namespace heddle
