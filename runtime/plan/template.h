// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An argument as a plan has it: JSON in which references to results of calls stand for values.
//
//   search("costs of ${1.items[0].name}", limit=$2)
//
// is an object of two templates: a Text of a literal piece and a reference, and a Reference. A
// reference that is the whole argument keeps the type of what it refers to; inside a text it
// becomes text. What is put in is never looked at again: a result that contains "$1" stays as it is.
//
// Thread-safety: immutable after construction by convention; the functions are pure.

#ifndef HEDDLE_RUNTIME_PLAN_TEMPLATE_H_
#define HEDDLE_RUNTIME_PLAN_TEMPLATE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/plan/json.h"

namespace heddle {

using CallId = int64_t;

// Half-open range of bytes in the plan's text; empty at 0 where there is no text.
struct SourceRange {
  uint32_t begin = 0;
  uint32_t end = 0;
};

// ".name" or "[index]"; negative indices count from the end.
using SelectorStep = std::variant<std::string, int64_t>;

struct Reference {
  CallId call = 0;
  std::vector<SelectorStep> selector;
  SourceRange where;
};

struct TemplateMember;

struct Template {
  struct Text {
    std::vector<std::variant<std::string, Reference>> pieces;
  };
  struct List {
    std::vector<Template> elements;
  };
  struct Object {
    std::vector<TemplateMember> members;  // names are unique
  };

  std::variant<Json, Reference, Text, List, Object> node;
  SourceRange where;
};

struct TemplateMember {
  std::string name;
  Template value;
};

// Calls `visit` for every reference, in the order of the text.
void VisitReferences(const Template& value, const std::function<void(const Reference&)>& visit);

// The result of a call that has ended well; null where there is none.
using ResultOf = std::function<const Json*(CallId)>;

// NotFound where a selector selects nothing: the message names the reference and what is there.
absl::StatusOr<Json> Substitute(const Template& value, const ResultOf& result_of);
absl::StatusOr<Json> Select(const Json& value, const Reference& reference);

// The template with the values of those references whose calls have results; the rest stays, also
// where a selector selects nothing.
Template SubstituteKnown(const Template& value, const ResultOf& result_of);

// "$1.items[0]" or "${1.items[0]}", as the plan language spells it.
std::string ToPlanText(const Reference& reference, bool braced);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLAN_TEMPLATE_H_
