// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/planner/rename_calls.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "runtime/plan/duplicates.h"

namespace heddle {
namespace {

void Rename(Template& value, const CallNames& names) {
  if (auto* reference = std::get_if<Reference>(&value.node)) {
    reference->call = names(reference->call);
  } else if (auto* text = std::get_if<Template::Text>(&value.node)) {
    for (auto& piece : text->pieces) {
      if (auto* inside = std::get_if<Reference>(&piece)) inside->call = names(inside->call);
    }
  } else if (auto* list = std::get_if<Template::List>(&value.node)) {
    for (Template& element : list->elements) Rename(element, names);
  } else if (auto* object = std::get_if<Template::Object>(&value.node)) {
    for (TemplateMember& member : object->members) Rename(member.value, names);
  }
}

}  // namespace

void RenameCalls(PlanCall& call, const CallNames& names) {
  for (TemplateMember& member : call.arguments.members) Rename(member.value, names);
  for (CallId& id : call.after) id = names(id);
}

void RenameCalls(PlanJoin& join, const CallNames& names) {
  for (Template& argument : join.arguments) Rename(argument, names);
}

std::string CallText(const PlanCall& call, const CallNames& names) {
  std::string text =
      absl::StrCat(call.tool, "\n", CanonicalText(Template{call.arguments, {}}, names));
  std::set<CallId> after;
  for (const CallId id : call.after) after.insert(names(id));
  for (const CallId id : after) absl::StrAppend(&text, "\n", id);
  return text;
}

}  // namespace heddle
