// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/json_reader.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace heddle {

void JsonProblems::Error(const std::string& path, const std::string& message) {
  errors.push_back(path.empty() ? message : absl::StrCat(path, ": ", message));
}

void JsonProblems::Warn(const std::string& path, const std::string& message) {
  warnings.push_back(path.empty() ? message : absl::StrCat(path, ": ", message));
}

JsonReader::JsonReader(const Json& value, std::string path, JsonProblems& problems)
    : object_(&value), path_(std::move(path)), problems_(problems) {
  if (value.is_object()) return;
  static const Json* empty = new Json(Json::object());
  problems_.Error(path_, absl::StrCat("must be an object, not ", value.type_name()));
  object_ = empty;
}

std::string JsonReader::PathOf(const std::string& name) const {
  return path_.empty() ? name : absl::StrCat(path_, ".", name);
}

const Json* JsonReader::Find(const std::string& name, Presence presence) {
  known_.insert(name);
  if (auto it = object_->find(name); it != object_->end()) return &*it;
  if (presence == kRequired) problems_.Error(path_, absl::StrCat("\"", name, "\" is missing"));
  return nullptr;
}

bool JsonReader::String(const std::string& name, std::string& into, Presence presence) {
  const Json* value = Find(name, presence);
  if (!value) return false;
  if (!value->is_string()) {
    problems_.Error(PathOf(name), "must be a string");
    return false;
  }
  into = value->get_ref<const std::string&>();
  if (into.find('\0') == std::string::npos) return true;
  problems_.Error(PathOf(name), "must not hold a zero character");
  into.clear();
  return false;
}

bool JsonReader::Bool(const std::string& name, bool& into) {
  const Json* value = Find(name);
  if (!value) return false;
  if (!value->is_boolean()) {
    problems_.Error(PathOf(name), "must be true or false");
    return false;
  }
  into = value->get<bool>();
  return true;
}

std::optional<double> JsonReader::Number(const std::string& name, double least, double most) {
  const Json* value = Find(name);
  if (!value) return std::nullopt;
  const double number = value->is_number() ? value->get<double>() : NAN;
  if (number >= least && number <= most) return number;
  problems_.Error(PathOf(name), absl::StrCat("must be a number from ", least, " to ", most));
  return std::nullopt;
}

std::optional<int> JsonReader::Whole(const std::string& name, int least, int most) {
  const Json* value = Find(name);
  if (!value) return std::nullopt;
  const double number = value->is_number() ? value->get<double>() : NAN;
  if (number >= least && number <= most && number == std::floor(number)) {
    return static_cast<int>(number);
  }
  problems_.Error(PathOf(name), absl::StrCat("must be a whole number from ", least, " to ", most));
  return std::nullopt;
}

std::optional<JsonReader> JsonReader::Object(const std::string& name, Presence presence) {
  const Json* value = Find(name, presence);
  if (!value) return std::nullopt;
  return JsonReader(*value, PathOf(name), problems_);
}

bool JsonReader::Strings(const std::string& name, std::vector<std::string>& into,
                         Presence presence) {
  const Json* value = Find(name, presence);
  if (!value) return false;
  bool all = value->is_array();
  if (all) {
    for (const Json& element : *value) {
      all &= element.is_string() &&
             element.get_ref<const std::string&>().find('\0') == std::string::npos;
    }
  }
  if (!all) {
    problems_.Error(PathOf(name), "must be a list of strings without zero characters");
    return false;
  }
  for (const Json& element : *value) into.push_back(element.get<std::string>());
  return true;
}

std::vector<std::pair<std::string, std::string>> JsonReader::StringMembers(
    const std::string& name) {
  std::vector<std::pair<std::string, std::string>> members;
  std::optional<JsonReader> object = Object(name);
  if (!object) return members;
  for (const auto& [member, value] : object->object_->items()) {
    std::string text;
    if (object->String(member, text)) members.emplace_back(member, std::move(text));
  }
  return members;
}

void JsonReader::Rest(bool refuse) {
  for (const auto& [name, value] : object_->items()) {
    if (known_.contains(name)) continue;
    const std::string message =
        absl::StrCat("is no member that Heddle knows; there are ", absl::StrJoin(known_, ", "));
    refuse ? problems_.Error(PathOf(name), message) : problems_.Warn(PathOf(name), message);
  }
}

}  // namespace heddle
