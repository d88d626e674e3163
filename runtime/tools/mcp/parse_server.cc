// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "runtime/support/status_macros.h"
#include "runtime/tools/mcp/mcp_server.h"
#include "runtime/tools/mcp/message.h"

namespace heddle {
namespace {

constexpr double kMaxMilliseconds = 24.0 * 3600 * 1000;

absl::Status Wrong(const char* member, const char* what) {
  return absl::InvalidArgumentError(absl::StrCat("\"", member, "\" must be ", what));
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> Texts(const Json& entry,
                                                                       const char* member) {
  const Json& object = McpMember(entry, member);
  std::vector<std::pair<std::string, std::string>> texts;
  if (!object.is_null() && !object.is_object()) return Wrong(member, "an object of strings");
  for (const auto& [name, value] : object.items()) {
    if (!value.is_string()) return Wrong(member, "an object of strings");
    texts.emplace_back(name, value.get<std::string>());
  }
  return texts;
}

absl::StatusOr<std::optional<std::chrono::milliseconds>> Milliseconds(const Json& entry,
                                                                      const char* member) {
  const Json& value = McpMember(entry, member);
  if (value.is_null()) return std::nullopt;
  if (!value.is_number() || value.get<double>() < 1 || value.get<double>() > kMaxMilliseconds) {
    return Wrong(member, "a number of milliseconds, at most a day");
  }
  return std::chrono::milliseconds(static_cast<int64_t>(value.get<double>()));
}

absl::Status ParseCommand(const Json& entry, McpServerOptions& options) {
  const Json& command = McpMember(entry, "command");
  const Json& arguments = McpMember(entry, "args");
  if (!command.is_string() || command.get_ref<const std::string&>().empty()) {
    return Wrong("command", "the name of a program; its arguments are \"args\"");
  }
  if (!arguments.is_null() && !arguments.is_array()) return Wrong("args", "a list of strings");
  options.command = {command.get<std::string>()};
  for (const Json& argument : arguments) {
    if (!argument.is_string()) return Wrong("args", "a list of strings");
    options.command.push_back(argument.get<std::string>());
  }
  return absl::OkStatus();
}

absl::Status Parse(const Json& entry, McpServerOptions& options) {
  if (!entry.is_object()) return absl::InvalidArgumentError("it must be an object");
  if (entry.contains("command") == entry.contains("url")) {
    return absl::InvalidArgumentError("it needs either \"command\" or \"url\"");
  }
  if (entry.contains("command")) {
    HEDDLE_RETURN_IF_ERROR(ParseCommand(entry, options));
  } else if (options.url = McpText(entry, "url"); options.url.empty()) {
    return Wrong("url", "a string");
  }
  HEDDLE_ASSIGN_OR_RETURN(options.environment, Texts(entry, "env"));
  HEDDLE_ASSIGN_OR_RETURN(options.headers, Texts(entry, "headers"));
  if (entry.contains("trusted")) {
    if (!entry["trusted"].is_boolean()) return Wrong("trusted", "true or false");
    options.trusted = entry["trusted"].get<bool>();
  }
  HEDDLE_ASSIGN_OR_RETURN(options.call_timeout, Milliseconds(entry, "timeoutMs"));
  HEDDLE_ASSIGN_OR_RETURN(const auto start, Milliseconds(entry, "startTimeoutMs"));
  options.start_timeout = start.value_or(options.start_timeout);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<McpServerOptions> ParseMcpServer(std::string_view name, const Json& entry) {
  McpServerOptions options;
  options.name = name;
  if (absl::Status status = Parse(entry, options); !status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("MCP server \"", options.name, "\": ", status.message()));
  }
  return options;
}

}  // namespace heddle
