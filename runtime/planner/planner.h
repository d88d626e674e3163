// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Answers a question with tools: a language model writes a plan, whose calls run while it is still
// writing; then it sees their results and answers, or writes another plan. docs/planner.md has the
// loop as a picture.
//
//   Planner planner(loop, registry, chat, {.max_replans = 2}, &observer);
//   planner.Ask("How old is the mayor of Lyon?", [](PlannerReport report) { ... });
//
// All rounds are one PlanRun: limits, journal and report are of the whole question, ids go on from
// round to round, and what an earlier round found out is not asked again.
//
// Thread-safety: on the loop's thread. Ownership: loop, registry, chat client and observer outlive
// the planner; destroying it, also from a callback, cancels everything and calls nothing any more.

#ifndef HEDDLE_RUNTIME_PLANNER_PLANNER_H_
#define HEDDLE_RUNTIME_PLANNER_PLANNER_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "runtime/plan/plan_run.h"
#include "runtime/planner/chat_client.h"

namespace heddle {

class PlannerObserver : public RunObserver {
 public:
  // 1 for the first; `why`: what the model found missing before.
  virtual void OnRound(int /*round*/, const std::string& /*why*/) {}
  virtual void OnPlanText(std::string_view /*text*/) {}
  // The plan has errors, which are sent back to the model.
  virtual void OnCorrection(const std::string& /*errors*/) {}
  // All calls have ended, and the model looks at the results.
  virtual void OnJoin() {}
  virtual void OnChatRetry(const std::string& /*why*/, std::chrono::milliseconds /*pause*/) {}
};

struct PlannerOptions {
  int max_replans = 3;
  size_t max_calls = 1000;    // of all rounds
  std::string examples = {};  // take the place of the built-in example; empty: none
  RunOptions run = {};        // its timeout is of the whole question
};

struct PlannerReport {
  absl::Status status;  // why there is no answer
  std::string answer;
  int replans = 0;
  ChatUsage usage;
  RunReport run;  // of all rounds; `result` is what the last plan's join returns
};
Json ToJson(const PlannerReport& report);  // as `heddle plan ask --json` prints it

class Planner {
 public:
  Planner(EventLoop& loop, ToolRegistry& registry, ChatClient& chat, PlannerOptions options,
          PlannerObserver* observer);
  ~Planner();

  // Once. `done` is called once, from the loop.
  void Ask(std::string question, std::function<void(PlannerReport)> done);
  // Cancels what is in flight; the report says what had been found out.
  void Cancel();

 private:
  class State;
  const std::shared_ptr<State> state_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLANNER_PLANNER_H_
