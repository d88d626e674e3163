// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A plan of function calls as MLIR text, for people: on the parallel level with the passes on plans
// run, or on the task level. A run does not need it.

#ifndef HEDDLE_COMPILER_PLAN_PRINTPLAN_H
#define HEDDLE_COMPILER_PLAN_PRINTPLAN_H

#include "absl/status/statusor.h"

#include <string>
#include <string_view>

namespace heddle {

enum class PlanLevel { Parallel, Task };

/// `tools` is a JSON array of tools as a tools file lists them, without "run"; "builtin" names what
/// evaluates one, if anything does.
absl::StatusOr<std::string> printPlan(std::string_view plan, const std::string &name,
                                      std::string_view tools, PlanLevel level);

} // namespace heddle

#endif // HEDDLE_COMPILER_PLAN_PRINTPLAN_H
