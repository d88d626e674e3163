// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the language model is told. docs/planner.md shows all of it.
//
// Thread-safety: pure functions.

#ifndef HEDDLE_RUNTIME_PLANNER_PROMPTS_H_
#define HEDDLE_RUNTIME_PLANNER_PROMPTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "runtime/plan/template.h"
#include "runtime/tools/tool.h"

namespace heddle {

extern const std::string_view kPlannerRules, kPlannerExample, kNativeRules;
extern const std::string_view kJoinerRules, kJoinerChoice, kJoinerNoChoice, kJoinerForm;
extern const std::string_view kCorrectionRules, kNoPlan, kNoDecision;

// `examples` take the place of the one that is built in; empty: none were given.
std::string PlannerPrompt(const std::vector<const ToolDescription*>& tools,
                          const std::string& examples);
// `known`: the calls of earlier rounds with their results, and why they were not enough.
std::string PlannerQuestion(const std::string& question, CallId first_id, const std::string& known,
                            const std::string& why);

std::string JoinerPrompt(bool may_replan);
std::string JoinerQuestion(const std::string& question, const std::string& known);
// The response_format that makes a server write a decision and nothing else.
Json JoinerFormat(bool may_replan);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLANNER_PROMPTS_H_
