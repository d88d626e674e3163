// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/plan/secrets.h"

#include <utility>

namespace heddle {
namespace {

// From what to what; what was put in is not looked at again.
using Replacements = std::vector<std::pair<std::string, std::string>>;

std::string Replace(const std::string& text, const Replacements& replacements) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const std::pair<std::string, std::string>* longest = nullptr;
    for (const auto& replacement : replacements) {
      const std::string& from = replacement.first;
      if (from.empty() || text.compare(at, from.size(), from) != 0) continue;
      if (!longest || from.size() > longest->first.size()) longest = &replacement;
    }
    result += longest ? longest->second : text.substr(at, 1);
    at += longest ? longest->first.size() : 1;
  }
  return result;
}

Json Replace(Json value, const Replacements& replacements) {
  if (value.is_string()) return Replace(value.get_ref<const std::string&>(), replacements);
  if (value.is_array()) {
    for (Json& element : value) element = Replace(std::move(element), replacements);
  } else if (value.is_object()) {
    Json::object_t renamed;  // names stay different, so none is looked up
    for (auto& [name, member] : value.items()) {
      renamed.emplace_back(Replace(name, replacements), Replace(std::move(member), replacements));
    }
    return Json(std::move(renamed));
  }
  return value;
}

Replacements Hiding(const Secrets& secrets) {
  Replacements replacements;
  for (const auto& [name, value] : secrets) replacements.push_back({value, "${" + name + "}"});
  return replacements;
}

Replacements Showing(const Secrets& secrets) {
  Replacements replacements;
  for (const auto& [name, value] : secrets) replacements.push_back({"${" + name + "}", value});
  return replacements;
}

}  // namespace

std::string HideSecrets(const std::string& text, const Secrets& secrets) {
  return secrets.empty() ? text : Replace(text, Hiding(secrets));
}

Json HideSecrets(Json value, const Secrets& secrets) {
  return secrets.empty() ? value : Replace(std::move(value), Hiding(secrets));
}

std::string ShowSecrets(const std::string& text, const Secrets& secrets) {
  return secrets.empty() ? text : Replace(text, Showing(secrets));
}

Json ShowSecrets(Json value, const Secrets& secrets) {
  return secrets.empty() ? value : Replace(std::move(value), Showing(secrets));
}

}  // namespace heddle
