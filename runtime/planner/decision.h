// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the model decided when it saw the results: the answer, or another plan. It was asked for a
// JSON object; weaker models put it into a fence or prose, or write the published
// "Action: Finish(...)" instead.
//
// Thread-safety: pure functions.

#ifndef HEDDLE_RUNTIME_PLANNER_DECISION_H_
#define HEDDLE_RUNTIME_PLANNER_DECISION_H_

#include <optional>
#include <string>
#include <string_view>

namespace heddle {

struct Decision {
  bool finish = false;
  std::string thought;  // why another plan is needed, if it is
  std::string answer;
};

// Nothing where it is none.
std::optional<Decision> ParseDecision(std::string_view reply);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLANNER_DECISION_H_
