// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/mcp/message.h"

#include <cmath>
#include <utility>

#include "runtime/support/status_macros.h"

namespace heddle {
namespace {

std::optional<int64_t> ToId(const Json& id) {
  if (id.is_number_unsigned() && id.get<uint64_t>() > INT64_MAX) return std::nullopt;
  if (id.is_number_integer()) return id.get<int64_t>();
  if (!id.is_number_float()) return std::nullopt;
  const double value = id.get<double>();
  if (std::abs(value) > 9e15 || value != std::floor(value)) return std::nullopt;
  return static_cast<int64_t>(value);
}

McpResponse ToResponse(Json& message) {
  McpResponse response{.id = ToId(McpMember(message, "id"))};
  const bool has_result = message.contains("result");
  const Json& error = McpMember(message, "error");
  if (has_result == message.contains("error") || (!has_result && !error.is_object())) {
    response.outcome =
        McpError{kMcpInvalidResponse, "the answer is neither a result nor an error", {}};
  } else if (has_result) {
    response.outcome = std::move(message["result"]);
  } else {
    McpError out{.message = McpText(error, "message"), .data = McpMember(error, "data")};
    out.code = ToId(McpMember(error, "code")).value_or(0);
    response.outcome = std::move(out);
  }
  return response;
}

// Nothing where the value is no message.
std::optional<McpMessage> ToMessage(Json& value) {
  if (McpText(value, "jsonrpc") != "2.0") return std::nullopt;
  const bool has_id = value.contains("id");
  if (!value.contains("method")) {
    if (!has_id && !value.contains("error")) return std::nullopt;
    return ToResponse(value);
  }
  if (!value["method"].is_string()) return std::nullopt;
  std::string method = value["method"].get<std::string>();
  Json params = McpMember(value, "params");
  if (!has_id) return McpNotification{std::move(method), std::move(params)};
  const Json& id = value["id"];
  if (!id.is_string() && !id.is_number_integer()) return std::nullopt;
  return McpRequest{id, std::move(method), std::move(params)};
}

std::string Text(Json members) {
  Json message = {{"jsonrpc", "2.0"}};
  message.update(members);
  return ToText(message);
}

}  // namespace

absl::StatusOr<std::vector<McpMessage>> ParseMcpMessages(std::string_view text) {
  HEDDLE_ASSIGN_OR_RETURN(Json value, ParseJson(text, {.max_bytes = kMaxMcpMessageBytes}));
  std::vector<McpMessage> messages;
  const auto add = [&](Json& element) {
    if (std::optional<McpMessage> message = ToMessage(element))
      messages.push_back(*std::move(message));
  };
  if (value.is_array()) {
    for (Json& element : value) add(element);
  } else {
    add(value);
  }
  return messages;
}

std::string McpRequestText(int64_t id, std::string_view method, Json params) {
  return Text({{"id", id}, {"method", method}, {"params", std::move(params)}});
}

std::string McpNotificationText(std::string_view method, Json params) {
  Json members = {{"method", method}};
  if (!params.is_null()) members["params"] = std::move(params);
  return Text(std::move(members));
}

std::string McpResultText(const Json& id, Json result) {
  return Text({{"id", id}, {"result", std::move(result)}});
}

std::string McpErrorText(const Json& id, int64_t code, std::string_view message) {
  return Text({{"id", id}, {"error", {{"code", code}, {"message", message}}}});
}

const Json& McpMember(const Json& value, const char* name) {
  static const Json* const null = new Json;
  if (!value.is_object()) return *null;
  const auto it = value.find(name);
  return it == value.end() ? *null : *it;
}

std::string McpText(const Json& value, const char* name) {
  const Json& member = McpMember(value, name);
  return member.is_string() ? member.get<std::string>() : std::string();
}

}  // namespace heddle
