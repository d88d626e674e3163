// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A plan as text of the plan language. Reading what it prints gives the plan again.

#ifndef HEDDLE_FRONTENDS_PLAN_PLANPRINTER_H
#define HEDDLE_FRONTENDS_PLAN_PLANPRINTER_H

#include "runtime/plan/plan.h"

#include <string>

namespace heddle {

/// "3. after 1: search(query="population of ${2}")", without the end of the line.
std::string toPlanText(const PlanCall &call);
std::string toPlanText(const Template &value);

/// A line for each call, and one for join.
std::string toPlanText(const Plan &plan);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_PLAN_PLANPRINTER_H
