// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the schema checker sees of a value: JSON, or a template of which only a part is known.
//
// Thread-safety: a view; it lives no longer than what it looks at.

#ifndef HEDDLE_RUNTIME_PLAN_JSON_SCHEMA_VALUE_H_
#define HEDDLE_RUNTIME_PLAN_JSON_SCHEMA_VALUE_H_

#include <string>
#include <variant>

#include "runtime/plan/json_schema.h"

namespace heddle {

// A value that is known, partly known (a text with references in it), or not at all.
class SchemaValue {
 public:
  explicit SchemaValue(const Json& json) : json_(&json) {}
  explicit SchemaValue(const Template& value) : where_(value.where) {
    if (auto* json = std::get_if<Json>(&value.node)) {
      json_ = json;
    } else {
      template_ = &value;
    }
  }

  const Json* json() const { return json_; }
  const Reference* reference() const {
    return template_ == nullptr ? nullptr : std::get_if<Reference>(&template_->node);
  }
  SourceRange where() const { return where_; }

  unsigned types() const {
    if (json_ != nullptr) return JsonTypeOf(*json_);
    if (reference() != nullptr) return kJsonAny;
    if (std::holds_alternative<Template::Text>(template_->node)) return kJsonString;
    return std::holds_alternative<Template::List>(template_->node) ? kJsonArray : kJsonObject;
  }

  size_t size() const {
    if (json_ != nullptr) return json_->size();
    if (auto* list = std::get_if<Template::List>(&template_->node)) return list->elements.size();
    if (auto* object = std::get_if<Template::Object>(&template_->node)) {
      return object->members.size();
    }
    return 0;
  }

  SchemaValue Element(size_t i) const {
    if (json_ != nullptr) return Inside((*json_)[i]);
    return SchemaValue(std::get<Template::List>(template_->node).elements[i]);
  }

  // Calls `visit(name, value)` for each member of an object.
  template <typename Visit>
  void ForEachMember(const Visit& visit) const {
    if (json_ != nullptr) {
      for (const auto& [name, value] : json_->items()) visit(name, Inside(value));
      return;
    }
    for (const TemplateMember& member : std::get<Template::Object>(template_->node).members) {
      visit(member.name, SchemaValue(member.value));
    }
  }

  bool Has(const std::string& name) const {
    bool found = false;
    ForEachMember([&](const std::string& other, const SchemaValue&) { found |= other == name; });
    return found;
  }

 private:
  SchemaValue Inside(const Json& json) const {
    SchemaValue value(json);
    value.where_ = where_;
    return value;
  }

  const Json* json_ = nullptr;
  const Template* template_ = nullptr;
  SourceRange where_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLAN_JSON_SCHEMA_VALUE_H_
