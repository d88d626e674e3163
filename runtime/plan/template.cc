// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/plan/template.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "runtime/support/status_macros.h"

namespace heddle {
namespace {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

bool IsPlainName(const std::string& name) {
  auto is_word = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
  return !name.empty() && !std::isdigit(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(), is_word);
}

std::string KindOf(const Json& value) {
  if (!value.is_object()) return value.type_name();
  std::string names;
  for (const auto& [name, member] : value.items()) {
    if (names.size() > 80) {
      names += ", ...";
      break;
    }
    absl::StrAppend(&names, names.empty() ? "" : ", ", name);
  }
  return absl::StrCat("object with ", names.empty() ? "nothing" : names);
}

absl::Status Nothing(const Reference& reference, const Json& value) {
  return absl::NotFoundError(absl::StrCat(ToPlanText(reference, false),
                                          " selects nothing: there is only an ", KindOf(value)));
}

}  // namespace

void VisitReferences(const Template& value, const std::function<void(const Reference&)>& visit) {
  std::visit(Overloaded{[](const Json&) {}, visit,
                        [&](const Template::Text& text) {
                          for (const auto& piece : text.pieces) {
                            if (auto* reference = std::get_if<Reference>(&piece)) visit(*reference);
                          }
                        },
                        [&](const Template::List& list) {
                          for (const Template& element : list.elements) {
                            VisitReferences(element, visit);
                          }
                        },
                        [&](const Template::Object& object) {
                          for (const auto& [name, member] : object.members) {
                            VisitReferences(member, visit);
                          }
                        }},
             value.node);
}

absl::StatusOr<Json> Select(const Json& value, const Reference& reference) {
  const Json* at = &value;
  for (const SelectorStep& step : reference.selector) {
    if (auto* name = std::get_if<std::string>(&step)) {
      if (!at->is_object()) return Nothing(reference, *at);
      auto found = at->find(*name);
      if (found == at->end()) return Nothing(reference, *at);
      at = &*found;
    } else {
      int64_t index = std::get<int64_t>(step);
      if (!at->is_array()) return Nothing(reference, *at);
      if (index < 0) index += static_cast<int64_t>(at->size());
      if (index < 0 || index >= static_cast<int64_t>(at->size())) return Nothing(reference, *at);
      at = &(*at)[index];
    }
  }
  return *at;
}

namespace {

absl::StatusOr<Json> Resolve(const Reference& reference, const ResultOf& result_of) {
  const Json* result = result_of(reference.call);
  if (result == nullptr) {
    return absl::NotFoundError(absl::StrCat("call ", reference.call, " has no result"));
  }
  return Select(*result, reference);
}

}  // namespace

absl::StatusOr<Json> Substitute(const Template& value, const ResultOf& result_of) {
  using Result = absl::StatusOr<Json>;
  return std::visit(
      Overloaded{
          [](const Json& literal) -> Result { return literal; },
          [&](const Reference& reference) -> Result { return Resolve(reference, result_of); },
          [&](const Template::Text& text) -> Result {
            std::string joined;
            for (const auto& piece : text.pieces) {
              if (auto* literal = std::get_if<std::string>(&piece)) {
                joined += *literal;
                continue;
              }
              HEDDLE_ASSIGN_OR_RETURN(Json part, Resolve(std::get<Reference>(piece), result_of));
              joined += ToPlainText(part);
            }
            return Json(std::move(joined));
          },
          [&](const Template::List& list) -> Result {
            Json elements = Json::array();
            for (const Template& element : list.elements) {
              HEDDLE_ASSIGN_OR_RETURN(Json part, Substitute(element, result_of));
              elements.push_back(std::move(part));
            }
            return elements;
          },
          [&](const Template::Object& object) -> Result {
            Json members = Json::object();
            for (const auto& [name, member] : object.members) {
              HEDDLE_ASSIGN_OR_RETURN(members[name], Substitute(member, result_of));
            }
            return members;
          }},
      value.node);
}

namespace {

std::optional<Json> Known(const Reference& reference, const ResultOf& result_of) {
  const Json* result = result_of(reference.call);
  if (result == nullptr) return std::nullopt;
  absl::StatusOr<Json> selected = Select(*result, reference);
  if (!selected.ok()) return std::nullopt;
  return *std::move(selected);
}

// Neighbouring strings become one; a text of strings only becomes a string.
Template::Text KnownPieces(const Template::Text& text, const ResultOf& result_of) {
  Template::Text known;
  auto append = [&](const std::string& literal) {
    if (known.pieces.empty() || !std::holds_alternative<std::string>(known.pieces.back())) {
      known.pieces.emplace_back(std::string());
    }
    std::get<std::string>(known.pieces.back()) += literal;
  };
  for (const auto& piece : text.pieces) {
    if (auto* literal = std::get_if<std::string>(&piece)) {
      append(*literal);
    } else if (auto value = Known(std::get<Reference>(piece), result_of)) {
      append(ToPlainText(*value));
    } else {
      known.pieces.push_back(piece);
    }
  }
  return known;
}

}  // namespace

Template SubstituteKnown(const Template& value, const ResultOf& result_of) {
  Template known{value.node, value.where};
  if (auto* reference = std::get_if<Reference>(&known.node)) {
    if (auto result = Known(*reference, result_of)) known.node = *std::move(result);
  } else if (auto* text = std::get_if<Template::Text>(&known.node)) {
    Template::Text pieces = KnownPieces(*text, result_of);
    if (pieces.pieces.empty()) {
      known.node = Json("");
    } else if (auto* all = std::get_if<std::string>(&pieces.pieces[0]);
               all != nullptr && pieces.pieces.size() == 1) {
      known.node = Json(*all);
    } else {
      known.node = std::move(pieces);
    }
  } else if (auto* list = std::get_if<Template::List>(&known.node)) {
    for (Template& element : list->elements) element = SubstituteKnown(element, result_of);
  } else if (auto* object = std::get_if<Template::Object>(&known.node)) {
    for (TemplateMember& member : object->members) {
      member.value = SubstituteKnown(member.value, result_of);
    }
  }
  return known;
}

std::string ToPlanText(const Reference& reference, bool braced) {
  std::string text = absl::StrCat(braced ? "${" : "$", reference.call);
  for (const SelectorStep& step : reference.selector) {
    if (auto* index = std::get_if<int64_t>(&step)) {
      absl::StrAppend(&text, "[", *index, "]");
    } else if (const std::string& name = std::get<std::string>(step); IsPlainName(name)) {
      absl::StrAppend(&text, ".", name);
    } else {
      absl::StrAppend(&text, "[", ToText(Json(name)), "]");
    }
  }
  return braced ? text + "}" : text;
}

}  // namespace heddle
