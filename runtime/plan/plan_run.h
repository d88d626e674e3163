// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a plan: each call starts the moment its references have values, its effects allow it and the
// limits have room. A plan may be added whole or, while a language model still writes it, call by
// call. A call that fails is an error for those that use its result and an observation for the join;
// everything else goes on.
//
//   PlanRun run(loop, registry, {.max_parallel = 16}, &observer);
//   run.Start(plan, [&](RunReport report) { ... });       // a whole plan, or
//
//   run.Add(call); ...                                    // one that is still being written
//   run.Finish(plan.join, [&](RunReport report) { ... });
//
// A whole plan is better: calls that nothing needs never start, the most urgent start first, and
// batches are full. docs/plan-execution.md says what starts when.
//
// Thread-safety: on the loop's thread. Ownership: the loop, the registry, the observer, the journal
// and the costs outlive the run; destroying a run, also from a callback, cancels what is in flight
// and calls nothing any more.

#ifndef HEDDLE_RUNTIME_PLAN_PLAN_RUN_H_
#define HEDDLE_RUNTIME_PLAN_PLAN_RUN_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/plan/plan.h"
#include "runtime/tools/event_loop.h"
#include "runtime/tools/tool_registry.h"

namespace heddle {

class Journal;
class ToolCosts;

enum class CallStatus {
  kOk,
  kError,
  kSkipped,       // something it uses failed
  kDeduplicated,  // another call of this run had the result
  kCancelled,
  kResumed,  // the journal had the result
  kDenied,   // nobody approved it
  kUnknown,  // it had started when an earlier process died
};
std::string_view ToText(CallStatus status);

// Times are milliseconds since the run began.
struct CallReport {
  CallId id = 0;
  std::string tool;
  Json arguments;  // after substitution; null where it never got that far
  CallStatus status = CallStatus::kOk;
  int attempts = 0;
  double start_ms = 0, end_ms = 0;
  Json result;        // of kOk, kDeduplicated and kResumed
  std::string error;  // of the others
};

struct RunReport {
  enum class Status { kOk, kFailed, kCancelled };
  Status status = Status::kOk;
  Json result;  // what the join returned
  double makespan_ms = 0;
  double critical_path_ms = 0;    // by measured times
  std::vector<CallReport> calls;  // in the order they were added
};
Json ToJson(const RunReport& report);  // as `heddle plan run --json` prints it

class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void OnStart(CallId, const std::string& /*tool*/, const Json& /*arguments*/,
                       int /*attempt*/) {}
  virtual void OnProgress(CallId, double /*progress*/, const std::string& /*message*/) {}
  virtual void OnRetry(CallId, const ToolError&, std::chrono::milliseconds /*pause*/) {}
  virtual void OnEnd(const CallReport&) {}
  // Asked for calls of tools that need approval; answers on the loop's thread, now or later.
  virtual void OnApproval(CallId, const std::string& /*tool*/, const Json& /*arguments*/,
                          std::function<void(bool)> answer) {
    answer(false);
  }
};

struct RunOptions {
  int max_parallel = 0;                              // calls in flight; 0: no limit
  std::optional<std::chrono::milliseconds> timeout;  // of the whole run
  Journal* journal = nullptr;  // one that recorded calls of this plan is gone on with
  bool retry_unknown = false;  // runs writes again that had started when an earlier process died
  bool merge_duplicates = true;
  ToolCosts* costs = nullptr;  // learns from this run and may know earlier ones
  std::string traceparent;     // W3C; calls are its children
};

class PlanRun {
 public:
  PlanRun(EventLoop& loop, ToolRegistry& registry, RunOptions options, RunObserver* observer);
  ~PlanRun();

  // A checked call; may start before this returns.
  void Add(PlanCall call);
  // A call that was found wrong after the run began: it fails alone.
  void AddBroken(CallId id, std::string tool, std::string message);
  // A whole plan: all of Add and Finish, with everything known from the start.
  void Start(Plan plan, std::function<void(RunReport)> done);
  // All calls so far have ended, somebody has seen their results, and what follows was decided with
  // them at hand: a call that failed is not an earlier equal call any more, and an idempotent write
  // is one until something else writes its resource.
  void BeginRound();
  // No more calls follow. `done` is called once, from the loop, when the last call has ended.
  void Finish(std::optional<PlanJoin> join, std::function<void(RunReport)> done);
  // Cancels what is in flight and starts nothing more.
  void Cancel();

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLAN_PLAN_RUN_H_
