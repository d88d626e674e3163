// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A value against a schema. One walk serves values and templates: it sees both through SchemaValue.

#include "runtime/plan/json_schema.h"

#include <algorithm>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "runtime/plan/json_schema_value.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

constexpr size_t kMaxErrors = 20;
constexpr int kMaxDepth = 300;  // deeper than ParseJson lets values be
constexpr int kMaxSteps = 500'000;

std::string Shown(const Json& value) {
  std::string text = ToText(value);
  return text.size() <= 60 ? text
                           : absl::StrCat(text.substr(0, text.find_last_of(" ,", 60)), "...");
}

size_t CharactersOf(const std::string& text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

class Checker {
 public:
  explicit Checker(const SchemaOf& schema_of) : schema_of_(schema_of) {}

  void Check(const SchemaValue& value, SchemaView schema, int depth) {
    if (errors_.size() >= kMaxErrors) return;
    if (depth > kMaxDepth || ++steps_ > kMaxSteps) {
      exhausted_ = true;
      return Fail(value, "its schema takes too long to check");
    }
    schema = Resolved(schema);
    if (schema.at->is_boolean() && !schema.at->get<bool>()) Fail(value, "nothing is allowed here");
    if (!schema.at->is_object()) return;
    const Json& rules = *schema.at;
    if (!CheckType(value, schema)) return;  // the rest would only say it again
    if (value.json() != nullptr) CheckChoice(value, rules);
    CheckBranches(value, schema, depth);
    if (value.reference() != nullptr) return;
    unsigned types = value.types();
    if (value.json() != nullptr && value.json()->is_number()) CheckRange(value, rules);
    if (types == kJsonString && value.json() != nullptr) {
      CheckCount(value, rules, "Length", CharactersOf(value.json()->get_ref<const std::string&>()),
                 "characters");
    }
    if (types == kJsonArray) CheckArray(value, schema, depth);
    if (types == kJsonObject) CheckObject(value, schema, depth);
  }

  std::vector<SchemaError> TakeErrors() {
    // What came out after the limit was reached is not to be relied on.
    if (exhausted_) errors_ = {{"", "its schema takes too long to check", {}}};
    return std::move(errors_);
  }

 private:
  static const Json* Rule(const Json& rules, const std::string& name) {
    auto found = rules.find(name);
    return found == rules.end() ? nullptr : &*found;
  }

  void Fail(const SchemaValue& value, std::string message) {
    if (errors_.size() < kMaxErrors) errors_.push_back({path_, std::move(message), value.where()});
  }

  bool CheckType(const SchemaValue& value, SchemaView schema) {
    auto [found, is_new] = types_.try_emplace(schema.at, 0);
    if (is_new) found->second = TypesOf(schema);
    unsigned wanted = found->second, given = value.types();
    if (value.reference() != nullptr) {
      std::optional<SchemaView> known = schema_of_ ? schema_of_(*value.reference()) : std::nullopt;
      if (known) given = TypesOf(*known);
      if (given == 0) given = kJsonAny;
    }
    if ((wanted & given) != 0 || wanted == 0) return true;
    std::string what = value.json() != nullptr
                           ? absl::StrCat(TypesText(given), ": ", Shown(*value.json()))
                           : TypesText(given);
    Fail(value, absl::StrCat("expected ", TypesText(wanted), ", got ", what));
    return false;
  }

  void CheckChoice(const SchemaValue& value, const Json& rules) {
    if (const Json* only = Rule(rules, "const"); only != nullptr && *only != *value.json()) {
      Fail(value, absl::StrCat("expected ", Shown(*only), ", got ", Shown(*value.json())));
    }
    const Json* choices = Rule(rules, "enum");
    if (choices == nullptr || !choices->is_array()) return;
    if (std::find(choices->begin(), choices->end(), *value.json()) == choices->end()) {
      Fail(value,
           absl::StrCat("expected one of ", Shown(*choices), ", got ", Shown(*value.json())));
    }
  }

  // How many errors a branch has; they are forgotten.
  size_t ErrorsOf(const SchemaValue& value, SchemaView branch, int depth) {
    std::vector<SchemaError> before = std::exchange(errors_, {});
    Check(value, branch, depth + 1);
    return std::exchange(errors_, std::move(before)).size();
  }

  void CheckBranches(const SchemaValue& value, SchemaView schema, int depth) {
    const Json& rules = *schema.at;
    auto branches = [&](const char* name) -> const Json* {
      const Json* list = Rule(rules, name);
      return list != nullptr && list->is_array() && !list->empty() ? list : nullptr;
    };
    if (const Json* all = branches("allOf")) {
      for (const Json& branch : *all) Check(value, {schema.root, &branch}, depth + 1);
    }
    for (const char* name : {"anyOf", "oneOf"}) {
      const Json* list = branches(name);
      if (list == nullptr) continue;
      size_t fitting = 0;
      for (const Json& branch : *list) {
        fitting += ErrorsOf(value, {schema.root, &branch}, depth) == 0;
        if (name[0] == 'a' && fitting > 0) break;
      }
      if (list->size() == 1 && fitting == 0) {
        Check(value, {schema.root, &(*list)[0]}, depth + 1);
      } else if (fitting == 0) {
        Fail(value, absl::StrCat("fits none of the ", list->size(), " forms that are allowed"));
      } else if (name[0] == 'o' && fitting > 1 && value.json() != nullptr) {
        Fail(value, "fits more than one of the forms of which exactly one is allowed");
      }
    }
    if (const Json* excluded = Rule(rules, "not"); excluded != nullptr && value.json() != nullptr) {
      if (ErrorsOf(value, {schema.root, excluded}, depth) == 0 && !exhausted_) {
        Fail(value, "is what the schema excludes");
      }
    }
  }

  void CheckRange(const SchemaValue& value, const Json& rules) {
    struct Bound {
      const char* rule;
      const char* text;
      bool (*holds)(const Json& value, const Json& bound);
    };
    // Json compares integers and doubles by value.
    static constexpr Bound kBounds[] = {
        {"minimum", "at least ", [](const Json& v, const Json& b) { return v >= b; }},
        {"maximum", "at most ", [](const Json& v, const Json& b) { return v <= b; }},
        {"exclusiveMinimum", "more than ", [](const Json& v, const Json& b) { return v > b; }},
        {"exclusiveMaximum", "less than ", [](const Json& v, const Json& b) { return v < b; }}};
    for (const Bound& bound : kBounds) {
      const Json* limit = Rule(rules, bound.rule);
      if (limit == nullptr || !limit->is_number() || bound.holds(*value.json(), *limit)) continue;
      Fail(value,
           absl::StrCat("expected ", bound.text, Shown(*limit), ", got ", Shown(*value.json())));
    }
  }

  // minX and maxX of a size.
  void CheckCount(const SchemaValue& value, const Json& rules, const std::string& what,
                  size_t count, const char* unit) {
    const Json* least = Rule(rules, "min" + what);
    if (least != nullptr && least->is_number() && Json(count) < *least) {
      Fail(value, absl::StrCat("expected at least ", Shown(*least), " ", unit, ", got ", count));
    }
    const Json* most = Rule(rules, "max" + what);
    if (most != nullptr && most->is_number() && Json(count) > *most) {
      Fail(value, absl::StrCat("expected at most ", Shown(*most), " ", unit, ", got ", count));
    }
  }

  template <typename Inner>
  void At(const std::string& step, const Inner& inner) {
    size_t length = path_.size();
    path_ += step;
    inner();
    path_.resize(length);
  }

  void CheckArray(const SchemaValue& value, SchemaView schema, int depth) {
    CheckCount(value, *schema.at, "Items", value.size(), "elements");
    const Json* prefix = Rule(*schema.at, "prefixItems");
    const Json* items = Rule(*schema.at, "items");
    size_t count = prefix != nullptr && prefix->is_array() ? prefix->size() : 0;
    for (size_t i = 0; i < value.size() && errors_.size() < kMaxErrors; ++i) {
      const Json* rules = i < count ? &(*prefix)[i] : items;
      if (rules == nullptr) continue;
      At(absl::StrCat("[", i, "]"), [&] {
        Check(value.Element(i), {schema.root, rules}, depth + 1);
      });
    }
  }

  void CheckObject(const SchemaValue& value, SchemaView schema, int depth) {
    const Json& rules = *schema.at;
    CheckCount(value, rules, "Properties", value.size(), "members");
    if (const Json* required = Rule(rules, "required");
        required != nullptr && required->is_array()) {
      for (const Json& name : *required) {
        if (name.is_string() && !value.Has(name.get_ref<const std::string&>())) {
          Fail(value, absl::StrCat(Quoted(name.get_ref<const std::string&>()), " is missing"));
        }
      }
    }
    const Json* properties = Rule(rules, "properties");
    const Json* others = Rule(rules, "additionalProperties");
    bool has_patterns = Rule(rules, "patternProperties") != nullptr;
    value.ForEachMember([&](const std::string& name, const SchemaValue& member) {
      const Json* known = nullptr;
      if (properties != nullptr && properties->is_object()) known = Rule(*properties, name);
      bool is_extra = known == nullptr && others != nullptr && !has_patterns;
      if (is_extra && others->is_boolean() && !others->get<bool>()) {
        Fail(member, absl::StrCat("there is no ", Quoted(name)));
      } else if (known != nullptr || is_extra) {
        At("." + name, [&] { Check(member, {schema.root, known ? known : others}, depth + 1); });
      }
    });
  }

  const SchemaOf& schema_of_;
  std::unordered_map<const Json*, unsigned> types_;  // of schemas seen before
  std::string path_;
  std::vector<SchemaError> errors_;
  int steps_ = 0;
  bool exhausted_ = false;
};

}  // namespace

std::vector<SchemaError> CheckSchema(const Json& value, SchemaView schema) {
  SchemaOf unknown;
  Checker checker(unknown);
  checker.Check(SchemaValue(value), schema, 0);
  return checker.TakeErrors();
}

std::vector<SchemaError> CheckSchema(const Template& value, SchemaView schema,
                                     const SchemaOf& schema_of) {
  Checker checker(schema_of);
  checker.Check(SchemaValue(value), schema, 0);
  return checker.TakeErrors();
}

}  // namespace heddle
