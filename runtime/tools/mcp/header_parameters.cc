// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/mcp/header_parameters.h"

#include <cmath>
#include <cstring>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/support/status_macros.h"

namespace heddle {
namespace {

constexpr char kAnnotation[] = "x-mcp-header";

bool IsToken(const std::string& text) {
  for (char c : text) {
    if (!absl::ascii_isalnum(c) && !std::strchr("!#$%&'*+-.^_`|~", c)) return false;
  }
  return !text.empty();
}

bool IsPrimitive(const Json& schema) {
  const auto type = schema.find("type");
  return type != schema.end() && (*type == "string" || *type == "integer" || *type == "boolean");
}

class Finder {
 public:
  // `reachable`: only names of properties lead here, so that the value can be found.
  absl::Status Visit(const Json& schema, bool reachable) {
    if (schema.is_array()) {
      for (const Json& element : schema) HEDDLE_RETURN_IF_ERROR(Visit(element, false));
    }
    if (!schema.is_object()) return absl::OkStatus();
    if (schema.contains(kAnnotation)) HEDDLE_RETURN_IF_ERROR(Add(schema, reachable));
    for (const auto& [key, value] : schema.items()) {
      // These hold values, not schemas.
      if (key == "default" || key == "const" || key == "enum" || key == "examples") continue;
      if (key != "properties" || !value.is_object()) {
        HEDDLE_RETURN_IF_ERROR(Visit(value, false));
        continue;
      }
      for (const auto& [name, property] : value.items()) {
        path_.push_back(name);
        HEDDLE_RETURN_IF_ERROR(Visit(property, reachable));
        path_.pop_back();
      }
    }
    return absl::OkStatus();
  }

  std::vector<McpHeaderParameter> found;

 private:
  absl::Status Add(const Json& schema, bool reachable) {
    const Json& name = schema[kAnnotation];
    if (!name.is_string() || !IsToken(name.get_ref<const std::string&>())) {
      return absl::InvalidArgumentError("an x-mcp-header is not the name of a header");
    }
    const std::string header = absl::StrCat("Mcp-Param-", name.get_ref<const std::string&>());
    if (!reachable || path_.empty() || !IsPrimitive(schema)) {
      return absl::InvalidArgumentError(absl::StrCat(
          header, " is asked for where no single string, integer or boolean can be found"));
    }
    for (const McpHeaderParameter& other : found) {
      if (absl::EqualsIgnoreCase(other.header, header)) {
        return absl::InvalidArgumentError(absl::StrCat(header, " is asked for twice"));
      }
    }
    found.push_back({path_, header});
    return absl::OkStatus();
  }

  std::vector<std::string> path_;
};

std::optional<std::string> ValueText(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean() || value.is_number_integer()) return ToText(value);
  if (!value.is_number_float()) return std::nullopt;
  // 42.0 is an integer too.
  const double number = value.get<double>();
  if (number != std::floor(number) || std::abs(number) > 9e15) return std::nullopt;
  return absl::StrCat(static_cast<int64_t>(number));
}

}  // namespace

absl::StatusOr<std::vector<McpHeaderParameter>> FindMcpHeaderParameters(const Json& input_schema) {
  Finder finder;
  HEDDLE_RETURN_IF_ERROR(finder.Visit(input_schema, true));
  return std::move(finder.found);
}

HttpHeaders McpHeadersOf(const std::vector<McpHeaderParameter>& parameters, const Json& arguments) {
  HttpHeaders headers;
  for (const McpHeaderParameter& parameter : parameters) {
    const Json* value = &arguments;
    for (const std::string& name : parameter.path) {
      if (value && value->is_object() && value->contains(name)) {
        value = &(*value)[name];
      } else {
        value = nullptr;
      }
    }
    if (!value) continue;
    if (std::optional<std::string> text = ValueText(*value)) {
      headers.emplace_back(parameter.header, McpHeaderValue(*text));
    }
  }
  return headers;
}

std::string McpHeaderValue(const std::string& text) {
  bool plain = true;
  for (char c : text) plain &= (c >= 0x20 && c <= 0x7e) || c == '\t';
  if (!text.empty())
    plain &= !absl::ascii_isspace(text.front()) && !absl::ascii_isspace(text.back());
  plain &= !(absl::StartsWith(text, "=?base64?") && absl::EndsWith(text, "?="));
  return plain ? text : absl::StrCat("=?base64?", absl::Base64Escape(text), "?=");
}

}  // namespace heddle
