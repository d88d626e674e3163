// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/plan/PlanGrammar.h"

#include "frontends/plan/PlanPrinter.h"
#include "runtime/plan/json_schema.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace heddle {
namespace {

struct Argument {
  std::string name;
  const Json *schema;
  bool isRequired;
};

/// Required ones first, otherwise in the order of the schema.
std::vector<Argument> argumentsOf(const ToolDescription &tool) {
  std::vector<Argument> arguments;
  SchemaView schema = Resolved(SchemaView(tool.input_schema));
  if (!schema.at->is_object())
    return arguments;
  auto properties = schema.at->find("properties"), required = schema.at->find("required");
  bool hasRequired = required != schema.at->end() && required->is_array();
  if (properties == schema.at->end() || !properties->is_object())
    return arguments;
  for (bool isRequired : {true, false})
    for (const auto &[name, type] : properties->items()) {
      bool listed = hasRequired &&
                    std::find(required->begin(), required->end(), Json(name)) != required->end();
      if (listed == isRequired)
        arguments.push_back({name, &type, isRequired});
    }
  return arguments;
}

/// A GBNF literal of the text.
std::string literal(const std::string &text) { return ToText(Json(text)); }

std::string valueRule(const ToolDescription &tool, const Json &schema) {
  SchemaView view = Resolved({&tool.input_schema, &schema});
  if (auto choices = view.at->is_object() ? view.at->find("enum") : schema.end();
      view.at->is_object() && choices != view.at->end() && choices->is_array() &&
      !choices->empty()) {
    std::string text;
    for (const Json &choice : *choices)
      absl::StrAppend(&text, literal(toPlanText(Template{choice, {}})), " | ");
    return absl::StrCat("(", text, "reference)");
  }
  switch (TypesOf(view)) {
  case kJsonString:
    return "(string | reference)";
  case kJsonInteger:
    return "(integer | reference)";
  case kJsonNumber | kJsonInteger:
    return "(number | reference)";
  case kJsonBoolean:
    return "(boolean | reference)";
  case kJsonArray:
    return "(list | reference)";
  case kJsonObject:
    return "(object | reference)";
  default:
    return "value";
  }
}

// Arguments that may be left out, each with a comma before it once another stands there:
// "( A ("," B)? | B )?" for A and B, as rules of which each is used by the one before.
std::string toolRules(const ToolDescription &tool, size_t number) {
  std::vector<Argument> arguments = argumentsOf(tool);
  std::string name = absl::StrCat("tool-", number);
  auto one = [&](const Argument &argument) {
    // The name is printed as a plan prints it, quoted where it is no plain word.
    PlanCall call{0, "", {}, {}, {}};
    call.arguments.members.push_back({argument.name, Template{Json(), {}}});
    std::string text = toPlanText(call); // 0. (NAME=null)
    text = text.substr(4, text.size() - 4 - 5);
    return absl::StrCat(literal(text), " ", valueRule(tool, *argument.schema));
  };
  std::string required, optional;
  size_t count = 0;
  for (; count < arguments.size() && arguments[count].isRequired; ++count)
    absl::StrAppend(&required, count == 0 ? " " : " \", \" ", one(arguments[count]));
  for (size_t i = count; i < arguments.size() && count > 0; ++i)
    absl::StrAppend(&optional, " (\", \" ", one(arguments[i]), ")?");
  std::string rules;
  if (count == 0 && !arguments.empty()) {
    // rest-i: any of the arguments from i on, the first without a comma.
    optional = absl::StrCat(" (", name, "-rest-0)?");
    for (size_t i = 0; i < arguments.size(); ++i) {
      std::string rest = absl::StrCat(name, "-rest-", i);
      std::string next = i + 1 < arguments.size() ? absl::StrCat(name, "-rest-", i + 1) : "";
      absl::StrAppend(&rules, rest, " ::= ", one(arguments[i]),
                      next.empty() ? "" : absl::StrCat(" (\", \" ", next, ")? | ", next), "\n");
    }
  }
  return absl::StrCat(name, " ::= ", literal(tool.name + "("), required, optional, " \")\"\n",
                      rules);
}

/// A copy whose "$ref": "#..." begin with `root` instead of "#".
Json withReferencesTo(const Json &schema, const std::string &root) {
  if (!schema.is_structured())
    return schema;
  Json copy = schema;
  for (auto &[name, part] : copy.items()) {
    bool isReference = schema.is_object() && name == "$ref" && part.is_string() &&
                       part.get_ref<const std::string &>().rfind('#', 0) == 0;
    if (isReference)
      part = root + part.get_ref<const std::string &>().substr(1);
    else
      part = withReferencesTo(part, root);
  }
  return copy;
}

} // namespace

std::string planGrammarGbnf(const std::vector<const ToolDescription *> &tools) {
  std::string names, rules;
  for (size_t i = 0; i < tools.size(); ++i) {
    absl::StrAppend(&names, i == 0 ? "" : " | ", "tool-", i);
    absl::StrAppend(&rules, toolRules(*tools[i], i));
  }
  std::string calls = tools.empty() ? "" : "(call | thought)* ";
  std::string call =
      tools.empty() ? "" : absl::StrCat("call ::= id \". \" (", names, ") \"\\n\"\n");
  return absl::StrCat("root ::= ", calls, "join\n", call,
                      R"gbnf(thought ::= "Thought: " [^\n]* "\n"
join ::= id ". join(" (value (", " value)*)? ")" "\n"
id ::= [1-9] [0-9]*
reference ::= "$" id selector*
selector ::= "." [a-zA-Z_] [a-zA-Z0-9_]* | "[" [0-9]+ "]"
value ::= string | number | boolean | "null" | list | object | reference
string ::= "\"" ([^"\\\x00-\x1F] | "\\" (["\\/bfnrt$] | "u" [0-9a-fA-F] [0-9a-fA-F] [0-9a-fA-F] [0-9a-fA-F]))* "\""
integer ::= "-"? ("0" | id)
number ::= integer ("." [0-9]+)? ([eE] [-+]? [0-9]+)?
boolean ::= "true" | "false"
list ::= "[" (value (", " value)*)? "]"
object ::= "{" (string ": " value (", " string ": " value)*)? "}"
)gbnf",
                      rules);
}

Json planGrammarSchema(const std::vector<const ToolDescription *> &tools) {
  Json calls = Json::array(), definitions = Json::object();
  definitions["reference"] = {{"type", "string"}, {"pattern", R"(^\$(\{[0-9].*\}|[0-9]+)$)"}};
  for (size_t i = 0; i < tools.size(); ++i) {
    // "#" of a tool's schema is a definition here.
    std::string name = absl::StrCat("tool-", i);
    definitions[name] = withReferencesTo(tools[i]->input_schema, absl::StrCat("#/$defs/", name));
    Json properties = Json::object(), required = Json::array();
    for (const Argument &argument : argumentsOf(*tools[i])) {
      Json schema = withReferencesTo(*argument.schema, absl::StrCat("#/$defs/", name));
      properties[argument.name]["anyOf"] =
          Json::array({std::move(schema), Json{{"$ref", "#/$defs/reference"}}});
      if (argument.isRequired)
        required.push_back(argument.name);
    }
    Json call = {{"type", "object"}, {"required", Json::array({"id", "tool", "args"})}};
    call["additionalProperties"] = false;
    call["properties"]["id"] = {{"type", "integer"}, {"minimum", 1}};
    call["properties"]["tool"]["const"] = tools[i]->name;
    call["properties"]["args"] = {{"type", "object"},
                                  {"properties", std::move(properties)},
                                  {"required", std::move(required)},
                                  {"additionalProperties", false}};
    calls.push_back(std::move(call));
  }
  Json plan = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"type", "object"}};
  plan["properties"]["calls"]["type"] = "array";
  plan["properties"]["calls"]["items"]["anyOf"] = std::move(calls);
  plan["properties"]["join"]["type"] = "array";
  plan["required"] = Json::array({"calls"});
  plan["additionalProperties"] = false;
  plan["$defs"] = std::move(definitions);
  return plan;
}

} // namespace heddle
