// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The JSON-RPC messages of the Model Context Protocol, and their text.
//
//   absl::StatusOr<std::vector<McpMessage>> messages = ParseMcpMessages(line);
//   std::string text = McpRequestText(7, "tools/list", Json::object());
//
// Thread-safety: values are values; the functions are pure.

#ifndef HEDDLE_RUNTIME_TOOLS_MCP_MESSAGE_H_
#define HEDDLE_RUNTIME_TOOLS_MCP_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/plan/json.h"

namespace heddle {

// More than this is no message but a mistake of the server, or worse.
inline constexpr size_t kMaxMcpMessageBytes = size_t{64} << 20;

struct McpError {
  int64_t code = 0;
  std::string message;
  Json data;
};

// Codes that JSON-RPC and MCP define.
inline constexpr int64_t kMcpMethodNotFound = -32601;
inline constexpr int64_t kMcpInvalidResponse = -32603;  // what a malformed response becomes here
inline constexpr int64_t kMcpHeaderMismatch = -32020;
inline constexpr int64_t kMcpMissingClientCapability = -32021;
inline constexpr int64_t kMcpUnsupportedVersion = -32022;

struct McpResponse {
  std::optional<int64_t> id;  // ours are numbers; none where the server could not read it
  std::variant<Json, McpError> outcome = {};
};

struct McpRequest {
  Json id;  // as the server wrote it
  std::string method;
  Json params;
};

struct McpNotification {
  std::string method;
  Json params;
};

using McpMessage = std::variant<McpResponse, McpRequest, McpNotification>;

// The messages of a text: one, or as in early revisions an array of them. InvalidArgument where the
// text is no JSON. JSON that is no message is left out, except that a response whose id can be read
// becomes an error of that id: somebody waits for it.
absl::StatusOr<std::vector<McpMessage>> ParseMcpMessages(std::string_view text);

// Each on one line, without its end.
std::string McpRequestText(int64_t id, std::string_view method, Json params);
std::string McpNotificationText(std::string_view method, Json params);
std::string McpResultText(const Json& id, Json result);
std::string McpErrorText(const Json& id, int64_t code, std::string_view message);

// A member, or null where the value is no object or has none of that name.
const Json& McpMember(const Json& value, const char* name);
// A member that is a string, or empty.
std::string McpText(const Json& value, const char* name);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_MCP_MESSAGE_H_
