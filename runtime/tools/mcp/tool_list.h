// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tools that an MCP server has, page by page.
//
// Thread-safety: on the loop's thread.

#ifndef HEDDLE_RUNTIME_TOOLS_MCP_TOOL_LIST_H_
#define HEDDLE_RUNTIME_TOOLS_MCP_TOOL_LIST_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/tools/mcp/connection.h"
#include "runtime/tools/mcp/header_parameters.h"
#include "runtime/tools/tool.h"

namespace heddle {

struct McpToolInfo {
  ToolDescription description;
  std::vector<McpHeaderParameter> header_parameters;
};

struct McpToolList {
  std::vector<McpToolInfo> tools;
  std::vector<std::string> left_out;  // why, each with its name
};

// `trusted`: what the server says of the effects of its tools is believed. A list without end is an
// error. Called once, unless the connection is released before.
void ListMcpTools(const std::shared_ptr<McpConnection>& connection, bool trusted,
                  std::function<void(absl::StatusOr<McpToolList>)> done);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_MCP_TOOL_LIST_H_
