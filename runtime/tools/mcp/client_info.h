// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Who this client is and what it offers, as each revision has it said: nothing is offered.
//
// Thread-safety: pure.

#ifndef HEDDLE_RUNTIME_TOOLS_MCP_CLIENT_INFO_H_
#define HEDDLE_RUNTIME_TOOLS_MCP_CLIENT_INFO_H_

#include <string>

#include "runtime/plan/json.h"

namespace heddle {

inline constexpr char kMcpStatelessVersion[] = "2026-07-28";
// With a handshake, the newest first. What is used of them is the same in all.
inline constexpr const char* kMcpHandshakeVersions[] = {"2025-11-25", "2025-06-18", "2025-03-26",
                                                        "2024-11-05"};

inline Json McpClientInfo() { return {{"name", "heddle"}, {"version", HEDDLE_VERSION}}; }

// Into the _meta of a stateless request.
inline void AddClientInfo(const std::string& version, Json& meta) {
  meta["io.modelcontextprotocol/protocolVersion"] = version;
  meta["io.modelcontextprotocol/clientInfo"] = McpClientInfo();
  meta["io.modelcontextprotocol/clientCapabilities"] = Json::object();
}

inline Json McpInitializeParams() {
  return {{"protocolVersion", kMcpHandshakeVersions[0]},
          {"capabilities", Json::object()},
          {"clientInfo", McpClientInfo()}};
}

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_MCP_CLIENT_INFO_H_
