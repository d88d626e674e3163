// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/mcp/call_result.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/tools/mcp/message.h"

namespace heddle {
namespace {

// Texts that follow each other as one, line by line.
Json Join(const Json& blocks) {
  Json parts = Json::array();
  bool after_text = false;
  for (const Json& block : blocks) {
    const bool is_text = McpText(block, "type") == "text";
    if (is_text && after_text) {
      parts.back().get_ref<std::string&>() += "\n" + McpText(block, "text");
    } else if (is_text) {
      parts.push_back(McpText(block, "text"));
    } else {
      parts.push_back(block);
    }
    after_text = is_text;
  }
  if (parts.empty()) return "";
  if (parts.size() > 1) return parts;
  Json only = std::move(parts.front());
  return only;
}

std::string ErrorText(const Json& content, const Json& structured) {
  std::string text;
  for (const Json& part : content.is_array() ? content : Json::array()) {
    const bool plain = part.is_string();
    absl::StrAppend(&text, text.empty() ? "" : "\n",
                    plain ? part.get<std::string>() : ToText(part));
  }
  if (content.is_string()) text = content.get<std::string>();
  if (content.is_object()) text = ToText(content);
  if (text.empty() && !structured.is_null()) text = ToText(structured);
  return text.empty() ? "the tool failed without a message" : text;
}

}  // namespace

ToolOutcome McpCallOutcome(const Json& result, bool has_output_schema) {
  if (!result.is_object()) return ToolError{.message = "the tool's result is not an object"};
  const Json& blocks = McpMember(result, "content");
  if (!blocks.is_null() && !blocks.is_array()) {
    return ToolError{.message = "the content of the tool's result is not a list"};
  }
  Json content = Join(blocks);
  const Json& structured = McpMember(result, "structuredContent");
  if (McpMember(result, "isError") == true) {
    return ToolError{.message = ErrorText(content, structured)};
  }
  if (result.contains("structuredContent")) return structured;
  if (!has_output_schema) return content;
  if (content.is_string()) {
    absl::StatusOr<Json> parsed = ParseJson(content.get_ref<const std::string&>(), {});
    if (parsed.ok()) return *std::move(parsed);
  }
  return ToolError{.message =
                       "the tool promises a structured result (outputSchema) and returned none"};
}

}  // namespace heddle
