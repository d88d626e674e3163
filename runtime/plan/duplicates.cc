// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/plan/duplicates.h"

#include <map>

#include "absl/strings/str_cat.h"

namespace heddle {
namespace {

// One writer for values and templates, so that a template without references reads as its value.
class Writer {
 public:
  explicit Writer(const std::function<CallId(CallId)>& leader) : leader_(leader) {}
  std::string Take() { return std::move(text_); }

  void Write(const Json& value) {
    if (value.is_array()) {
      text_ += '[';
      for (const Json& element : value) {
        Write(element);
        text_ += ',';
      }
      text_ += ']';
    } else if (value.is_object()) {
      std::map<std::string_view, const Json*> members;
      for (const auto& [name, member] : value.items()) members[name] = &member;
      WriteMembers(members);
    } else {
      text_ += ToText(value);
    }
  }

  void Write(const Template& value) {
    if (auto* literal = std::get_if<Json>(&value.node)) {
      Write(*literal);
    } else if (auto* reference = std::get_if<Reference>(&value.node)) {
      WriteReference(*reference);
    } else if (auto* text = std::get_if<Template::Text>(&value.node)) {
      WriteText(*text);
    } else if (auto* list = std::get_if<Template::List>(&value.node)) {
      text_ += '[';
      for (const Template& element : list->elements) {
        Write(element);
        text_ += ',';
      }
      text_ += ']';
    } else {
      std::map<std::string_view, const Template*> members;
      for (const auto& [name, member] : std::get<Template::Object>(value.node).members) {
        members[name] = &member;
      }
      WriteMembers(members);
    }
  }

 private:
  template <typename Value>
  void WriteMembers(const std::map<std::string_view, const Value*>& members) {
    text_ += '{';
    for (const auto& [name, member] : members) {
      text_ += ToText(Json(std::string(name)));
      text_ += ':';
      Write(*member);
      text_ += ',';
    }
    text_ += '}';
  }

  // No JSON opens with '$' or '+', so a reference never reads as a value.
  void WriteReference(Reference reference) {
    reference.call = leader_(reference.call);
    text_ += ToPlanText(reference, /*braced=*/true);
  }

  void WriteText(const Template::Text& text) {
    bool literal = true;
    for (const auto& piece : text.pieces) literal &= std::holds_alternative<std::string>(piece);
    std::string joined;
    for (const auto& piece : text.pieces) {
      if (auto* part = std::get_if<std::string>(&piece)) {
        joined += *part;
        continue;
      }
      absl::StrAppend(&text_, "+", ToText(Json(joined)));
      joined.clear();
      WriteReference(std::get<Reference>(piece));
    }
    absl::StrAppend(&text_, literal ? "" : "+", ToText(Json(joined)));
  }

  const std::function<CallId(CallId)>& leader_;
  std::string text_;
};

}  // namespace

std::string CanonicalText(const Json& value) {
  const std::function<CallId(CallId)> none;
  Writer writer(none);
  writer.Write(value);
  return writer.Take();
}

std::string CanonicalText(const Template& value, const std::function<CallId(CallId)>& leader) {
  Writer writer(leader);
  writer.Write(value);
  return writer.Take();
}

std::optional<uint32_t> Duplicates::Add(uint32_t call, const std::string& tool, ToolEffects effects,
                                        const std::string& canonical_arguments,
                                        const std::vector<uint32_t>& writes_before) {
  if (effects == ToolEffects::kWrite) return std::nullopt;
  std::string key = absl::StrCat(tool, "\n", canonical_arguments);
  if (effects == ToolEffects::kRead) {
    for (uint32_t write : writes_before) absl::StrAppend(&key, "\n", write);
  }
  auto [place, is_new] = first_.emplace(std::move(key), call);
  if (is_new) return std::nullopt;
  return place->second;
}

}  // namespace heddle
