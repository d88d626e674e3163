// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/tool_set.h"

#include <utility>

#include "runtime/support/status_macros.h"
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
    if (const auto* builtin = std::get_if<BuiltinRun>(&tool.run)) {
      builtins_.emplace(tool.description.name, *builtin);
    }
  }
  secrets_.insert(secrets_.end(), file.secrets.begin(), file.secrets.end());
  return absl::OkStatus();
}

const BuiltinRun* ToolSet::FindBuiltin(const std::string& tool) const {
  auto found = builtins_.find(tool);
  return found == builtins_.end() ? nullptr : &found->second;
}

}  // namespace heddle
