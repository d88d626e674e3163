// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic as people and language models write it, and nothing else: no names, no assignment, no
// code. docs/tools.md has the grammar.
//
//   EvaluateMath("(1,200 + 34.5) * 2")   // 2469
//
// Thread-safety: pure functions.

#ifndef HEDDLE_RUNTIME_TOOLS_MATH_H_
#define HEDDLE_RUNTIME_TOOLS_MATH_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "runtime/plan/json.h"

namespace heddle {

// A number, or a string of digits where a JSON number would lose some.
absl::StatusOr<Json> EvaluateMath(std::string_view expression);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_MATH_H_
