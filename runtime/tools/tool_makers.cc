// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/tool_makers.h"

#include "absl/strings/str_cat.h"
#include "runtime/support/status_macros.h"
#include "runtime/tools/command_tool.h"
#include "runtime/tools/http_tool.h"
#include "runtime/tools/math_tool.h"

namespace heddle {
namespace {

absl::StatusOr<std::unique_ptr<Tool>> MakeTool(const ToolSpec& spec, ToolHost& host,
                                               ModelToolMaker make_model_tool) {
  if (const auto* command = std::get_if<CommandRun>(&spec.run)) {
    return MakeCommandTool(spec.description, *command, host);
  }
  if (const auto* http = std::get_if<HttpRun>(&spec.run)) {
    return MakeHttpTool(spec.description, *http, host);
  }
  if (std::holds_alternative<BuiltinRun>(spec.run)) return MakeMathTool(spec);
  if (make_model_tool) return make_model_tool(spec, host);
  return absl::UnimplementedError("this program was built without models");
}

}  // namespace

absl::Status AddTools(const ToolsFile& file, ToolHost& host, ToolRegistry& registry,
                      ModelToolMaker make_model_tool) {
  for (const ToolSpec& spec : file.tools) {
    absl::StatusOr<std::unique_ptr<Tool>> tool = MakeTool(spec, host, make_model_tool);
    if (!tool.ok()) {
      return absl::Status(tool.status().code(), absl::StrCat("tool '", spec.description.name,
                                                             "': ", tool.status().message()));
    }
    HEDDLE_RETURN_IF_ERROR(registry.Add(*std::move(tool)));
  }
  return absl::OkStatus();
}

}  // namespace heddle
