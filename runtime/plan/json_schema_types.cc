// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What can be said of a schema without a value: types, references, parts.

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/plan/json_schema.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

// Chains of $ref, and anyOf inside anyOf.
constexpr int kMaxDepth = 16;
constexpr int kMaxSteps = 500;

unsigned TypeNamed(const Json& name) {
  if (!name.is_string()) return kJsonAny;
  static constexpr std::array<std::pair<std::string_view, unsigned>, 7> kNames = {{
      {"null", kJsonNull},
      {"boolean", kJsonBoolean},
      {"integer", kJsonInteger},
      {"number", kJsonInteger | kJsonNumber},
      {"string", kJsonString},
      {"array", kJsonArray},
      {"object", kJsonObject},
  }};
  for (const auto& [text, types] : kNames) {
    if (name.get_ref<const std::string&>() == text) return types;
  }
  return kJsonAny;
}

const Json* Member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

class TypeWalk {
 public:
  unsigned Types(SchemaView schema, int depth) {
    if (depth > kMaxDepth || ++steps_ > kMaxSteps) return kJsonAny;
    schema = Resolved(schema);
    if (schema.at->is_boolean()) return schema.at->get<bool>() ? kJsonAny : 0;
    if (!schema.at->is_object()) return kJsonAny;
    unsigned types = kJsonAny;
    if (const Json* type = Member(*schema.at, "type")) {
      types = type->is_array() ? 0 : TypeNamed(*type);
      if (type->is_array()) {
        for (const Json& name : *type) types |= TypeNamed(name);
      }
    }
    if (const Json* value = Member(*schema.at, "const")) types &= JsonTypeOf(*value);
    if (const Json* values = Member(*schema.at, "enum"); values != nullptr && values->is_array()) {
      unsigned any = 0;
      for (const Json& value : *values) any |= JsonTypeOf(value);
      types &= any;
    }
    for (const char* name : {"anyOf", "oneOf", "allOf"}) {
      const Json* branches = Member(*schema.at, name);
      if (branches == nullptr || !branches->is_array() || branches->empty()) continue;
      bool all = name[1] == 'l';
      unsigned joined = all ? unsigned{kJsonAny} : 0;
      for (const Json& branch : *branches) {
        unsigned of_branch = Types({schema.root, &branch}, depth + 1);
        joined = all ? joined & of_branch : joined | of_branch;
      }
      types &= joined;
    }
    return types;
  }

 private:
  int steps_ = 0;
};

SelectedSchema Nothing(std::string message) {
  return {SelectedSchema::State::kNothing, std::nullopt, std::move(message)};
}
SelectedSchema Known(SchemaView schema) { return {SelectedSchema::State::kKnown, schema, {}}; }

SelectedSchema SelectMember(SchemaView schema, const std::string& name) {
  const Json* properties = Member(*schema.at, "properties");
  if (properties != nullptr && properties->is_object()) {
    auto found = properties->find(name);
    if (found != properties->end()) return Known({schema.root, &*found});
  }
  const Json* others = Member(*schema.at, "additionalProperties");
  if (others != nullptr && others->is_object()) return Known({schema.root, others});
  bool closed = others != nullptr && others->is_boolean() && !others->get<bool>();
  bool listed = properties != nullptr && properties->is_object() && !properties->empty();
  bool open = (others != nullptr && !closed) || Member(*schema.at, "patternProperties") != nullptr;
  if (open || !(closed || listed)) return {};
  std::string names;
  if (listed) {
    for (const auto& [known, unused] : properties->items()) {
      absl::StrAppend(&names, names.empty() ? "" : ", ", known);
      if (names.size() > 200) break;
    }
  }
  return Nothing(absl::StrCat("there is no ", Quoted(name), ", only ",
                              names.empty() ? "an object without members" : names));
}

SelectedSchema SelectElement(SchemaView schema, int64_t index) {
  const Json* prefix = Member(*schema.at, "prefixItems");
  size_t count = prefix != nullptr && prefix->is_array() ? prefix->size() : 0;
  if (index >= 0 && static_cast<size_t>(index) < count) {
    return Known({schema.root, &(*prefix)[index]});
  }
  const Json* items = Member(*schema.at, "items");
  if (items == nullptr || (index < 0 && count > 0)) return {};
  if (items->is_boolean() && !items->get<bool>()) {
    return Nothing(absl::StrCat("there are only ", count, " elements"));
  }
  return items->is_object() ? Known({schema.root, items}) : SelectedSchema{};
}

// Of branches, one that has the part is enough; `all`: nothing in one is nothing.
SelectedSchema SelectStep(SchemaView schema, const SelectorStep& step, int depth) {
  if (depth > kMaxDepth) return {};
  schema = Resolved(schema);
  if (!schema.at->is_object()) return {};
  bool is_member = std::holds_alternative<std::string>(step);
  unsigned types = TypesOf(schema);
  if ((types & (is_member ? kJsonObject : kJsonArray)) == 0) {
    return Nothing(absl::StrCat("it is ", TypesText(types)));
  }
  for (const char* name : {"allOf", "anyOf", "oneOf"}) {
    const Json* branches = Member(*schema.at, name);
    if (branches == nullptr || !branches->is_array() || branches->empty()) continue;
    // Several branches may describe the part; that they can tell nothing together is not known.
    SelectedSchema only;
    bool all_nothing = true;
    size_t known = 0;
    for (size_t i = 0; i < branches->size() && i < kMaxDepth; ++i) {
      SelectedSchema part = SelectStep({schema.root, &(*branches)[i]}, step, depth + 4);
      all_nothing &= part.state == SelectedSchema::State::kNothing;
      known += part.state != SelectedSchema::State::kNothing;
      if (part.state != SelectedSchema::State::kNothing || all_nothing) only = std::move(part);
    }
    if (Member(*schema.at, "properties") != nullptr) return {};
    return all_nothing || known == 1 ? only : SelectedSchema{};
  }
  return is_member ? SelectMember(schema, std::get<std::string>(step))
                   : SelectElement(schema, std::get<int64_t>(step));
}

}  // namespace

unsigned JsonTypeOf(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return kJsonNull;
    case Json::value_t::boolean:
      return kJsonBoolean;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return kJsonInteger;
    case Json::value_t::number_float:
      return std::floor(value.get<double>()) == value.get<double>() ? kJsonInteger : kJsonNumber;
    case Json::value_t::string:
      return kJsonString;
    case Json::value_t::array:
      return kJsonArray;
    case Json::value_t::object:
      return kJsonObject;
    default:
      return kJsonAny;
  }
}

unsigned TypesOf(SchemaView schema) { return TypeWalk().Types(schema, 0); }

std::string TypesText(unsigned types) {
  if (types == kJsonAny) return "any value";
  if (types == 0) return "no value at all";
  static constexpr std::array<std::pair<unsigned, std::string_view>, 7> kTexts = {{
      {kJsonString, "a string"},
      {kJsonInteger | kJsonNumber, "a number"},
      {kJsonInteger, "an integer"},
      {kJsonBoolean, "a boolean"},
      {kJsonArray, "a list"},
      {kJsonObject, "an object"},
      {kJsonNull, "null"},
  }};
  std::string text;
  for (const auto& [bits, name] : kTexts) {
    if ((types & bits) != bits) continue;
    types &= ~bits;
    absl::StrAppend(&text, text.empty() ? "" : " or ", std::string(name));
  }
  return text.empty() ? "a number" : text;
}

SchemaView Resolved(SchemaView schema) {
  for (int i = 0; i < kMaxDepth; ++i) {
    const Json* reference = Member(*schema.at, "$ref");
    if (reference == nullptr || !reference->is_string()) return schema;
    const std::string& text = reference->get_ref<const std::string&>();
    const Json* at = schema.root;
    if (text.empty() || text[0] != '#') return schema;
    size_t begin = 1;
    while (begin < text.size() && at != nullptr) {
      if (text[begin] != '/') return schema;
      size_t end = std::min(text.find('/', begin + 1), text.size());
      std::string name = text.substr(begin + 1, end - begin - 1);
      for (const auto& [escape, meaning] : {std::pair{"~1", "/"}, std::pair{"~0", "~"}}) {
        for (size_t j = name.find(escape); j != std::string::npos; j = name.find(escape, j + 1)) {
          name.replace(j, 2, meaning);
        }
      }
      at = Member(*at, name.c_str());
      begin = end;
    }
    if (at == nullptr) return schema;
    schema.at = at;
  }
  return schema;
}

SelectedSchema SelectSchema(SchemaView schema, const SelectorStep& step) {
  return SelectStep(schema, step, 0);
}

SelectedSchema SelectSchema(SchemaView schema, const std::vector<SelectorStep>& selector) {
  SelectedSchema selected = Known(schema);
  for (const SelectorStep& step : selector) {
    selected = SelectStep(*selected.schema, step, 0);
    if (selected.state != SelectedSchema::State::kKnown) return selected;
  }
  return selected;
}

}  // namespace heddle
