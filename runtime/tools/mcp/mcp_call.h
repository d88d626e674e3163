// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One call of a tool of an MCP server: it waits for the connection, asks, and asks again where the
// protocol wants that.
//
// Thread-safety: on the loop's thread.

#ifndef HEDDLE_RUNTIME_TOOLS_MCP_MCP_CALL_H_
#define HEDDLE_RUNTIME_TOOLS_MCP_MCP_CALL_H_

#include <memory>
#include <string>

#include "runtime/tools/mcp/server_connection.h"
#include "runtime/tools/tool.h"

namespace heddle {

struct McpCallSpec {
  std::string tool;
  HttpHeaders headers;
  Json arguments;
  bool has_output_schema = false;
  ToolCallOptions options;
};

// As Tool::StartCall.
std::unique_ptr<ToolCall> StartMcpCall(std::shared_ptr<McpServerConnection> server,
                                       McpCallSpec spec, Tool::Done done);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_MCP_MCP_CALL_H_
