// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All calls of a question, over its rounds: what the model is shown of them.
//
// Thread-safety: none.

#ifndef HEDDLE_RUNTIME_PLANNER_CALL_LOG_H_
#define HEDDLE_RUNTIME_PLANNER_CALL_LOG_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/plan/plan_run.h"

namespace heddle {

class CallLog {
 public:
  // `line`: the call in the plan language.
  void Add(CallId id, std::string tool, std::string line);
  void End(const CallReport& report);

  bool all_ended() const { return ended_ == calls_.size(); }
  size_t size() const { return calls_.size(); }
  CallId next_id() const { return calls_.empty() ? 1 : calls_.rbegin()->first + 1; }
  std::vector<std::pair<CallId, std::string>> ToolsById() const;

  // Each call with its result below it. Long results are cut, with a note that $N has all of it.
  std::string Text() const;
  // The result of one, or its error.
  std::string ResultText(CallId id) const;

 private:
  struct Call {
    std::string tool, line;
    std::optional<std::string> result;  // as text
    bool failed = false;
  };
  std::string Shortened(CallId id, const std::string& text) const;

  std::map<CallId, Call> calls_;
  size_t ended_ = 0;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLANNER_CALL_LOG_H_
