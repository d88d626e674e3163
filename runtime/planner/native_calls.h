// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls that a model makes in its own form, `tool_calls`, instead of in a plan: tools as such a
// model is told of them, and its calls as calls of a plan. Their arguments are values: what looks
// like a reference in them is text.
//
// Thread-safety: immutable.

#ifndef HEDDLE_RUNTIME_PLANNER_NATIVE_CALLS_H_
#define HEDDLE_RUNTIME_PLANNER_NATIVE_CALLS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/plan/plan.h"
#include "runtime/planner/chat.h"
#include "runtime/tools/tool.h"

namespace heddle {

class NativeTools {
 public:
  // The descriptions outlive it.
  explicit NativeTools(const std::vector<const ToolDescription*>& tools);

  // The member "tools" of a request.
  const Json& tools() const { return tools_; }
  // InvalidArgument where there is no such tool or the arguments do not fit it.
  absl::StatusOr<PlanCall> ToPlanCall(const ChatToolCall& call, CallId id) const;

 private:
  Json tools_ = Json::array();
  // By the names that such models may use, which hold no '.' and no '/', and by their own.
  std::map<std::string, const ToolDescription*> by_name_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLANNER_NATIVE_CALLS_H_
