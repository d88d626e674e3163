// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/plan/ToolPrompt.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace heddle {
namespace {

constexpr int maxDepth = 4;
constexpr size_t maxTypeLength = 400;

const Json *member(const Json &object, const char *name) {
  if (!object.is_object())
    return nullptr;
  auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

bool isRequired(const Json &schema, const std::string &name) {
  const Json *required = member(schema, "required");
  return required && required->is_array() &&
         std::find(required->begin(), required->end(), Json(name)) != required->end();
}

class TypeDescriber {
public:
  std::string describe(SchemaView schema, int depth) {
    schema = Resolved(schema);
    if (const Json *only = member(*schema.at, "const"))
      return ToText(*only);
    if (const Json *choices = member(*schema.at, "enum"); choices && choices->is_array())
      return alternatives(*choices, [](const Json &choice) { return ToText(choice); });
    for (const char *name : {"anyOf", "oneOf"})
      if (const Json *branches = member(*schema.at, name);
          branches && branches->is_array() && depth < maxDepth)
        return alternatives(*branches, [&](const Json &branch) {
          return describe({schema.root, &branch}, depth + 1);
        });
    return ofTypes(schema, TypesOf(schema), depth);
  }

  /// "name: type, name?: type" of an object.
  std::string members(SchemaView schema, int depth) {
    std::string text;
    const Json *properties = member(*schema.at, "properties");
    if (!properties || !properties->is_object())
      return text;
    for (const auto &[name, type] : properties->items()) {
      absl::StrAppend(
          &text, text.empty() ? "" : ", ", name,
          isRequired(*schema.at, name) ? ": " : "?: ", describe({schema.root, &type}, depth));
      written += name.size();
      if (written > maxTypeLength)
        return text + ", ...";
    }
    return text;
  }

private:
  template <typename Describe>
  std::string alternatives(const Json &choices, const Describe &describeOne) {
    std::string text;
    for (const Json &choice : choices) {
      std::string one = describeOne(choice);
      written += one.size();
      absl::StrAppend(&text, text.empty() ? "" : " | ", one);
      if (written > maxTypeLength)
        return text + " | ...";
    }
    return text.empty() ? "any" : text;
  }

  std::string ofTypes(SchemaView schema, unsigned types, int depth) {
    if (types == kJsonAny)
      return "any";
    std::string text;
    auto add = [&](const std::string &type) {
      absl::StrAppend(&text, text.empty() ? "" : " | ", type);
    };
    if (types & kJsonString)
      add("string");
    if (types & kJsonNumber)
      add("number");
    else if (types & kJsonInteger)
      add("integer");
    if (types & kJsonBoolean)
      add("boolean");
    bool short_ = depth >= maxDepth || written > maxTypeLength;
    const Json *items = member(*schema.at, "items");
    if (types & kJsonArray)
      add(items && items->is_object() && !short_
              ? absl::StrCat("[", describe({schema.root, items}, depth + 1), "]")
              : "list");
    if (types & kJsonObject)
      add(member(*schema.at, "properties") && !short_
              ? absl::StrCat("{", members(schema, depth + 1), "}")
              : "object");
    if (types & kJsonNull)
      add("null");
    return text.empty() ? "any" : text;
  }

  size_t written = 0;
};

} // namespace

std::string describeType(SchemaView schema) { return TypeDescriber().describe(schema, 0); }

std::string describeTool(const ToolDescription &tool) {
  std::string text = absl::StrCat(
      tool.name, "(", TypeDescriber().members(Resolved(SchemaView(tool.input_schema)), 0), ")");
  if (tool.output_schema)
    absl::StrAppend(&text, " -> ", describeType(SchemaView(*tool.output_schema)));
  text += '\n';
  for (size_t at = 0; at < tool.description.size();) {
    size_t end = std::min(tool.description.find('\n', at), tool.description.size());
    absl::StrAppend(&text, "  ", tool.description.substr(at, end - at), "\n");
    at = end + 1;
  }
  return text;
}

} // namespace heddle
