// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/plan/template_json.h"

#include <utility>

#include "runtime/support/status_macros.h"

namespace heddle {
namespace {

Json ReferenceToJson(const Reference& reference) {
  Json json = {"ref", reference.call};
  for (const SelectorStep& step : reference.selector) {
    std::visit([&](const auto& at) { json.push_back(at); }, step);
  }
  return json;
}

absl::Status Damaged() { return absl::DataLossError("a recorded call cannot be read"); }

// The word that opens the node; empty where there is none.
std::string KindOf(const Json& json) {
  if (!json.is_array() || json.empty() || !json[0].is_string()) return "";
  return json[0].get<std::string>();
}

absl::StatusOr<Reference> ReferenceFromJson(const Json& json) {
  if (KindOf(json) != "ref" || json.size() < 2 || !json[1].is_number_integer()) return Damaged();
  Reference reference;
  reference.call = json[1].get<CallId>();
  for (size_t i = 2; i < json.size(); ++i) {
    if (json[i].is_string()) {
      reference.selector.emplace_back(json[i].get<std::string>());
    } else if (json[i].is_number_integer()) {
      reference.selector.emplace_back(json[i].get<int64_t>());
    } else {
      return Damaged();
    }
  }
  return reference;
}

absl::StatusOr<Template::Object> ObjectFromJson(const Json& json) {
  if (!json.is_object()) return Damaged();
  Template::Object object;
  for (const auto& [name, member] : json.items()) {
    HEDDLE_ASSIGN_OR_RETURN(Template value, TemplateFromJson(member));
    object.members.push_back({name, std::move(value)});
  }
  return object;
}

Json ObjectToJson(const Template::Object& object) {
  Json members = Json::object();
  for (const auto& [name, member] : object.members) members[name] = ToJson(member);
  return members;
}

}  // namespace

Json ToJson(const Template& value) {
  if (auto* literal = std::get_if<Json>(&value.node)) return Json::array({"json", *literal});
  if (auto* reference = std::get_if<Reference>(&value.node)) return ReferenceToJson(*reference);
  if (auto* object = std::get_if<Template::Object>(&value.node)) {
    return Json::array({"object", ObjectToJson(*object)});
  }
  if (auto* list = std::get_if<Template::List>(&value.node)) {
    Json json = Json::array({"list"});
    for (const Template& element : list->elements) json.push_back(ToJson(element));
    return json;
  }
  Json json = Json::array({"text"});
  for (const auto& piece : std::get<Template::Text>(value.node).pieces) {
    auto* literal = std::get_if<std::string>(&piece);
    json.push_back(literal ? Json(*literal) : ReferenceToJson(std::get<Reference>(piece)));
  }
  return json;
}

absl::StatusOr<Template> TemplateFromJson(const Json& json) {
  std::string kind = KindOf(json);
  if (kind == "json" && json.size() == 2) return Template{json[1], {}};
  if (kind == "ref") {
    HEDDLE_ASSIGN_OR_RETURN(Reference reference, ReferenceFromJson(json));
    return Template{std::move(reference), {}};
  }
  if (kind == "object" && json.size() == 2) {
    HEDDLE_ASSIGN_OR_RETURN(Template::Object object, ObjectFromJson(json[1]));
    return Template{std::move(object), {}};
  }
  if (kind == "list") {
    Template::List list;
    for (size_t i = 1; i < json.size(); ++i) {
      HEDDLE_ASSIGN_OR_RETURN(Template element, TemplateFromJson(json[i]));
      list.elements.push_back(std::move(element));
    }
    return Template{std::move(list), {}};
  }
  if (kind == "text") {
    Template::Text text;
    for (size_t i = 1; i < json.size(); ++i) {
      if (json[i].is_string()) {
        text.pieces.emplace_back(json[i].get<std::string>());
        continue;
      }
      HEDDLE_ASSIGN_OR_RETURN(Reference reference, ReferenceFromJson(json[i]));
      text.pieces.emplace_back(std::move(reference));
    }
    return Template{std::move(text), {}};
  }
  return Damaged();
}

Json ToJson(const PlanCall& call) {
  return Json{{"id", call.id},
              {"tool", call.tool},
              {"args", ObjectToJson(call.arguments)},
              {"after", call.after}};
}

absl::StatusOr<PlanCall> CallFromJson(const Json& json) {
  PlanCall call;
  auto is = [&](const char* name, auto check) {
    return json.contains(name) && (json[name].*check)();
  };
  if (!json.is_object() || !is("id", &Json::is_number_integer) || !is("tool", &Json::is_string) ||
      !is("args", &Json::is_object) || !is("after", &Json::is_array)) {
    return Damaged();
  }
  call.id = json["id"].get<CallId>();
  call.tool = json["tool"].get<std::string>();
  HEDDLE_ASSIGN_OR_RETURN(call.arguments, ObjectFromJson(json["args"]));
  for (const Json& id : json["after"]) {
    if (!id.is_number_integer()) return Damaged();
    call.after.push_back(id.get<CallId>());
  }
  return call;
}

Json ToJson(const PlanJoin& join) {
  Json arguments = Json::array();
  for (const Template& argument : join.arguments) arguments.push_back(ToJson(argument));
  return arguments;
}

absl::StatusOr<PlanJoin> JoinFromJson(const Json& json) {
  if (!json.is_array()) return Damaged();
  PlanJoin join;
  for (const Json& argument : json) {
    HEDDLE_ASSIGN_OR_RETURN(Template value, TemplateFromJson(argument));
    join.arguments.push_back(std::move(value));
  }
  return join;
}

}  // namespace heddle
