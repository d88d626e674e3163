// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An MCP server as a source of tools.
//
//   for (const McpServerSpec& server : tools_file.servers) {
//     registry.AddSource(MakeMcpServer(loop, http_client, McpOptionsOf(server)));
//   }
//
// The server is started when its tools are asked for, and once: calls share one connection. Where
// it ends while it is used, the calls that it had not answered fail with its last words, and the
// next call starts it once more; where it ends again, every call fails. A session over HTTP that
// the server has forgotten is opened again by the next call, and by the one that found out: the
// server did not carry that one out.
//
// Thread-safety: on the loop's thread. Ownership: the loop and the client outlive the source and
// its tools; the tools may outlive the source, and their calls the tools. The last of them to go
// ends the server.

#ifndef HEDDLE_RUNTIME_TOOLS_MCP_MCP_SERVER_H_
#define HEDDLE_RUNTIME_TOOLS_MCP_MCP_SERVER_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/tools/http_client.h"
#include "runtime/tools/tool_registry.h"
#include "runtime/tools/tools_file.h"

namespace heddle {

struct McpServerOptions {
  std::string name;
  // One of the two.
  std::vector<std::string> command;
  std::string url;

  std::vector<std::pair<std::string, std::string>> environment;  // beside this process's own
  HttpHeaders headers;
  bool trusted = false;  // what it says of the effects of its tools is believed
  std::optional<std::chrono::milliseconds> call_timeout;
  // Until the tools are known. The first start of a server may install it.
  std::chrono::milliseconds start_timeout{60'000};
  // How long a server may keep silent when asked whether it is stateless.
  std::chrono::milliseconds probe_timeout{5'000};
  // Told what is worth a line and is no error, such as a tool that is left out.
  std::function<void(const std::string&)> warn;
};

McpServerOptions McpOptionsOf(const McpServerSpec& server);

std::unique_ptr<ToolSource> MakeMcpServer(EventLoop& loop, HttpClient& client,
                                          McpServerOptions options);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_MCP_MCP_SERVER_H_
