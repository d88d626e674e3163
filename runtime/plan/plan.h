// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A plan of function calls after it was checked: every call names a tool that exists and has its
// arguments by name. frontends/plan makes it from text; the optimizer and the executor take it.
//
// Thread-safety: plain data.

#ifndef HEDDLE_RUNTIME_PLAN_PLAN_H_
#define HEDDLE_RUNTIME_PLAN_PLAN_H_

#include <optional>
#include <string>
#include <vector>

#include "runtime/plan/template.h"

namespace heddle {

struct PlanCall {
  CallId id = 0;
  std::string tool;
  Template::Object arguments;
  std::vector<CallId> after;  // explicit order, beside references and effects
  SourceRange where;
};

// What the plan returns: one argument, its value; several, an array; none, all results by id.
struct PlanJoin {
  std::vector<Template> arguments;
  SourceRange where;
};

struct Plan {
  std::vector<PlanCall> calls;  // in the order of the text; ids are unique
  std::optional<PlanJoin> join;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLAN_PLAN_H_
