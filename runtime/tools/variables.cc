// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/variables.h"

#include <stdlib.h>

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace heddle {

std::optional<std::string> EnvironmentVariable(const std::string& name) {
  const char* value = getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

std::string Variables::Expand(std::string_view text) {
  missing.clear();
  if (!lookup) return std::string(text);
  std::string expanded;
  size_t at = 0;
  while (at < text.size()) {
    const size_t start = text.find("${", at);
    if (start == std::string_view::npos) break;
    size_t end = start + 2;
    while (end < text.size() && (absl::ascii_isalnum(text[end]) || text[end] == '_')) ++end;
    const std::string name(text.substr(start + 2, end - start - 2));
    const bool has_default = text.substr(end).starts_with(":-");
    const size_t close = has_default ? text.find('}', end) : end;
    const bool is_variable =
        !name.empty() && !absl::ascii_isdigit(name[0]) && close < text.size() && text[close] == '}';
    const bool escaped = start > at && text[start - 1] == '$';
    if (!is_variable || escaped) {
      // "$${NAME}" loses its first dollar.
      const size_t kept = is_variable && escaped ? start - 1 : start;
      expanded += text.substr(at, kept - at);
      expanded += "${";
      at = start + 2;
      continue;
    }
    expanded += text.substr(at, start - at);
    at = close + 1;
    if (const std::optional<std::string> value = lookup(name)) {
      expanded += *value;
      values[name] = *value;
    } else if (has_default) {
      expanded += text.substr(end + 2, close - end - 2);
    } else {
      missing.insert(name);
    }
  }
  return expanded += at < text.size() ? text.substr(at) : "";
}

}  // namespace heddle
