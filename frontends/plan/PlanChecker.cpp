// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/plan/PlanChecker.h"

#include "runtime/support/text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace heddle {
namespace {

const Json *memberOf(const Json &object, const char *name) {
  if (!object.is_object())
    return nullptr;
  auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::vector<std::string> propertiesOf(const Json &schema) {
  std::vector<std::string> names;
  if (const Json *properties = memberOf(schema, "properties");
      properties && properties->is_object())
    for (const auto &[name, unused] : properties->items())
      names.push_back(name);
  return names;
}

/// Whether arguments that `properties` does not list are refused: schemas mostly forget to say so,
/// and an argument that a tool does not have is a mistake.
bool isClosed(const Json &schema) {
  static constexpr const char *opening[] = {
      "additionalProperties", "patternProperties", "$ref", "anyOf", "oneOf", "allOf"};
  const Json *properties = memberOf(schema, "properties");
  return properties && properties->is_object() &&
         std::none_of(std::begin(opening), std::end(opening),
                      [&](const char *name) { return memberOf(schema, name); });
}

std::string join(const std::vector<std::string> &names) {
  std::string text;
  for (const std::string &name : names) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", name);
    if (text.size() > 200)
      return text + ", ...";
  }
  return text.empty() ? "none" : text;
}

} // namespace

std::string PlanChecker::missing(CallId id) const {
  if (expected.count(id))
    return absl::StrCat("call ", id, " stands later in the text; references go back only");
  return absl::StrCat("no call ", id, " stands before this");
}

void PlanChecker::checkReference(const Reference &reference, CallId self,
                                 std::vector<PlanDiagnostic> &errors) {
  auto found = tools.find(reference.call);
  if (reference.call == self || found == tools.end()) {
    errors.push_back(planError(reference.where, reference.call == self
                                                    ? absl::StrCat("call ", self, " uses itself")
                                                    : missing(reference.call)));
    return;
  }
  if (!found->second || !found->second->output_schema)
    return;
  SelectedSchema selected =
      SelectSchema(SchemaView(*found->second->output_schema), reference.selector);
  if (selected.state == SelectedSchema::State::kNothing)
    errors.push_back(planError(
        reference.where, absl::StrCat(ToPlanText(reference, false), " selects nothing of what ",
                                      found->second->name, " returns: ", selected.message)));
}

void PlanChecker::checkReferences(const Template &value, CallId self,
                                  std::vector<PlanDiagnostic> &errors) {
  VisitReferences(value, [&](const Reference &reference) {
    if (errors.size() < 20)
      checkReference(reference, self, errors);
  });
}

std::optional<SchemaView> PlanChecker::schemaOf(const Reference &reference) const {
  auto found = tools.find(reference.call);
  if (found == tools.end() || !found->second || !found->second->output_schema)
    return std::nullopt;
  return SelectSchema(SchemaView(*found->second->output_schema), reference.selector).schema;
}

void PlanChecker::adapt(Template &value, SchemaView schema) const {
  auto inside = [&](Template &part, const SelectorStep &step) {
    static const Json anything = true;
    adapt(part, SelectSchema(schema, step).schema.value_or(SchemaView(anything)));
  };
  if (auto *text = std::get_if<Template::Text>(&value.node)) {
    bool isWhole = text->pieces.size() == 1;
    if (isWhole && TypesOf(schema) != kJsonString) {
      Reference reference = std::get<Reference>(std::move(text->pieces[0]));
      value.node = std::move(reference);
    }
  } else if (auto *reference = std::get_if<Reference>(&value.node)) {
    if (!schemaOf(*reference) && TypesOf(schema) == kJsonString) {
      Template::Text text;
      text.pieces.push_back(std::move(*reference));
      value.node = std::move(text);
    }
  } else if (auto *list = std::get_if<Template::List>(&value.node)) {
    for (size_t i = 0; i < list->elements.size(); ++i)
      inside(list->elements[i], static_cast<int64_t>(i));
  } else if (auto *object = std::get_if<Template::Object>(&value.node)) {
    for (TemplateMember &member : object->members)
      inside(member.value, member.name);
  }
}

/// Positional arguments get the names of the schema's properties, in their order.
void PlanChecker::nameArguments(ParsedCall &call, const ToolDescription &tool,
                                Template::Object &arguments, std::vector<PlanDiagnostic> &errors) {
  std::vector<std::string> properties = propertiesOf(tool.input_schema);
  size_t given = call.arguments.positional.size();
  if (given > properties.size()) {
    errors.push_back(planError(call.arguments.positional[properties.size()].where,
                               absl::StrCat(tool.name, " takes ", properties.size(),
                                            properties.size() == 1 ? " argument" : " arguments",
                                            " by position, got ", given,
                                            "; its arguments: ", join(properties))));
    return;
  }
  std::unordered_set<std::string> names;
  for (size_t i = 0; i < given; ++i) {
    names.insert(properties[i]);
    arguments.members.push_back({properties[i], std::move(call.arguments.positional[i])});
  }
  bool closed = isClosed(tool.input_schema);
  for (NamedArgument &argument : call.arguments.named) {
    bool known = std::find(properties.begin(), properties.end(), argument.name) != properties.end();
    if (closed && !known)
      errors.push_back(planError(argument.nameRange,
                                 absl::StrCat(tool.name, " has no argument ", Quoted(argument.name),
                                              "; its arguments: ", join(properties),
                                              didYouMean(argument.name, properties))));
    else if (!names.insert(argument.name).second)
      errors.push_back(
          planError(argument.nameRange, absl::StrCat(Quoted(argument.name), " is given twice")));
    else
      arguments.members.push_back({std::move(argument.name), std::move(argument.value)});
  }
}

std::optional<PlanCall> PlanChecker::check(ParsedCall call, std::vector<PlanDiagnostic> &errors) {
  size_t before = errors.size();
  if (isTaken(call.id))
    errors.push_back(planError(
        call.idRange, absl::StrCat("there is already a call ", call.id, "; ids are unique")));
  const ToolDescription *tool = catalog.find(call.tool);
  if (!tool)
    errors.push_back(
        planError(call.toolRange, absl::StrCat("there is no tool ", Quoted(call.tool),
                                               didYouMean(call.tool, catalog.names()))));
  for (const Template &value : call.arguments.positional)
    checkReferences(value, call.id, errors);
  for (const NamedArgument &argument : call.arguments.named)
    checkReferences(argument.value, call.id, errors);

  PlanCall checked{call.id, call.tool, {}, {}, call.where};
  for (const auto &[id, where] : call.after) {
    if (id == call.id)
      errors.push_back(planError(where, absl::StrCat("call ", id, " comes after itself")));
    else if (!isTaken(id) && !expected.count(id))
      errors.push_back(planError(where, missing(id)));
    else if (std::find(checked.after.begin(), checked.after.end(), id) == checked.after.end())
      checked.after.push_back(id);
  }
  if (tool) {
    size_t beforeNames = errors.size();
    Template arguments{Template::Object{}, call.toolRange};
    auto &members = std::get<Template::Object>(arguments.node);
    nameArguments(call, *tool, members, errors);
    SchemaView schema(tool->input_schema);
    adapt(arguments, schema);
    if (errors.size() == beforeNames) {
      auto known = [this](const Reference &reference) { return schemaOf(reference); };
      for (SchemaError &error : CheckSchema(arguments, schema, known)) {
        std::string path = error.path.empty() ? tool->name : error.path.substr(1);
        errors.push_back(planError(error.where, absl::StrCat(path, ": ", error.message)));
      }
    }
    checked.arguments = std::move(members);
  }
  bool isRight = errors.size() == before;
  tools.emplace(call.id, isRight ? tool : nullptr);
  return isRight ? std::optional(std::move(checked)) : std::nullopt;
}

std::optional<PlanJoin> PlanChecker::check(ParsedJoin join, std::vector<PlanDiagnostic> &errors) {
  size_t before = errors.size();
  static const Json anything = true;
  for (Template &argument : join.arguments) {
    checkReferences(argument, /*self=*/-1, errors);
    adapt(argument, SchemaView(anything));
  }
  if (errors.size() > before)
    return std::nullopt;
  return PlanJoin{std::move(join.arguments), join.where};
}

} // namespace heddle
