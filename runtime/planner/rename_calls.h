// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The same calls under other ids.
//
// Thread-safety: pure functions.

#ifndef HEDDLE_RUNTIME_PLANNER_RENAME_CALLS_H_
#define HEDDLE_RUNTIME_PLANNER_RENAME_CALLS_H_

#include <functional>
#include <string>

#include "runtime/plan/plan.h"

namespace heddle {

using CallNames = std::function<CallId(CallId)>;

// References and `after`; the call's own id stays.
void RenameCalls(PlanCall& call, const CallNames& names);
void RenameCalls(PlanJoin& join, const CallNames& names);

// Equal for calls that say the same, with references to the same calls. Without the id.
std::string CallText(const PlanCall& call, const CallNames& names);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLANNER_RENAME_CALLS_H_
