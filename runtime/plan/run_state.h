// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inside a PlanRun. A call goes one way through its stages:
//
//   waiting --> [following an equal call] --> [asking for approval] --> queued --> in flight --> ended
//                                                                          ^--- pausing ---'
//
// and every stage may be left for `ended`: skipped, cancelled, dropped. Whatever happens changes the
// stage, and Pump then does all that follows in one flat loop: calls that complete within StartCall
// by the thousand do not nest.
//
//   run_add.cc       calls come in: edges, waiting
//   run_ready.cc     everything a call waited for has ended: past results, duplicates, approval
//   run_rounds.cc    what an earlier round of planning means for a call
//   run_requests.cc  what is in flight: limits, timeouts, retries
//   run_end.cc       ends of calls and of the run
//   run_report.cc    what the run was

#ifndef HEDDLE_RUNTIME_PLAN_RUN_STATE_H_
#define HEDDLE_RUNTIME_PLAN_RUN_STATE_H_

#include <deque>
#include <memory>
#include <random>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/plan/critical_path.h"
#include "runtime/plan/duplicates.h"
#include "runtime/plan/effect_order.h"
#include "runtime/plan/folding.h"
#include "runtime/plan/journal.h"
#include "runtime/plan/plan_run.h"
#include "runtime/plan/ready_queue.h"

namespace heddle {

enum class CallStage { kWaiting, kFollowing, kAsking, kQueued, kInFlight, kPausing, kEnded };

// Calls are known by their index in the order they were added.
struct RunCall {
  CallReport report;
  Template::Object arguments;    // as the plan has them; emptied when they were substituted
  Tool* tool = nullptr;          // null: broken
  const Json* folded = nullptr;  // its result, known from the start
  uint32_t tool_slot = 0;
  CallStage stage = CallStage::kWaiting;
  bool dropped = false;        // nothing needs it: not in the report
  bool follows_write = false;  // writes, or waits for one
  double urgency = 0;
  uint64_t request = 0;             // while in flight or pausing
  uint32_t waits = 0;               // of uses and orders, those that have not ended
  std::vector<uint32_t> uses;       // calls whose results it refers to
  std::vector<uint32_t> orders;     // calls it comes after all the same
  std::vector<uint32_t> waiting;    // calls that use it or come after it
  std::vector<uint32_t> followers;  // equal calls that take its result
  std::vector<uint32_t> leader;     // at most one: whose follower it is

  bool has_result() const {
    return stage == CallStage::kEnded &&
           (report.status == CallStatus::kOk || report.status == CallStatus::kResumed ||
            report.status == CallStatus::kDeduplicated);
  }
};

class PlanRun::State : public std::enable_shared_from_this<PlanRun::State> {
 public:
  State(EventLoop& loop, ToolRegistry& registry, RunOptions options, RunObserver* observer);

  void Begin();
  void Start(Plan plan, std::function<void(RunReport)> done);
  void Add(PlanCall call);
  void AddBroken(CallId id, std::string tool, std::string message);
  void Finish(std::optional<PlanJoin> join, std::function<void(RunReport)> done);
  void BeginRound();
  // Ends all that has not ended. Not `cancelled`: the time is over.
  void Stop(bool cancelled, const std::string& reason);
  // The owner is gone: nobody is called any more.
  void Close();

 private:
  // One call, or a batch, from the moment it has its slot until it succeeds or is given up.
  struct Request {
    std::vector<uint32_t> calls;
    uint32_t tool_slot = 0;
    EventLoop::Clock::time_point began;
    std::unique_ptr<ToolCall> under_way;
    EventLoop::Timer timer;  // its timeout, or the pause before it is tried again
  };

  double Since(EventLoop::Clock::time_point when) const;
  double Now() const { return Since(EventLoop::Clock::now()); }

  // run_add.cc
  RunCall& NewCall(CallId id, std::string tool);
  std::optional<std::string> Connect(RunCall& call, uint32_t index, const PlanCall& plan_call);
  void WaitForAll(uint32_t index);
  uint32_t SlotOf(Tool* tool);
  void Rescore();

  // run_ready.cc
  void Pump();
  void BecomeReady(uint32_t index);
  bool Skip(uint32_t index);
  bool Resume(uint32_t index);
  bool Follow(uint32_t index);
  void Ask(uint32_t index);
  bool FollowEarlierWrite(uint32_t index);
  void Queue(uint32_t index);
  const Json* ResultOf(CallId id) const;

  // run_requests.cc
  void Launch(ReadyQueue::Request ready);
  void Send(uint64_t id);
  void OnOutcome(uint64_t id, ToolOutcome outcome);
  void OnError(Request request, const ToolError& error);
  void DestroyLater(std::unique_ptr<ToolCall> call);
  void ArmRateTimer();

  // run_end.cc
  void Settle(uint32_t index, CallStatus status, Json result, std::string error);
  void Succeed(uint32_t index, Json result);
  void Fail(uint32_t index, CallStatus status, std::string error);
  void DropDeadCalls();
  void Drop(uint32_t index);
  void EndIfDone();

  // run_report.cc
  RunReport MakeReport();
  Json JoinResult(bool& failed) const;
  double CriticalPath() const;

  EventLoop& loop_;
  ToolRegistry& registry_;
  const RunOptions options_;
  RunObserver silent_;
  RunObserver* observer_;
  const EventLoop::Clock::time_point began_ = EventLoop::Clock::now();
  std::optional<EventLoop::Clock::time_point> deadline_;
  ToolCosts own_costs_;
  ToolCosts& costs_;

  std::deque<RunCall> calls_;
  std::unordered_map<CallId, uint32_t> index_of_;
  std::unordered_map<Tool*, uint32_t> slots_;
  EffectOrder effect_order_;
  Duplicates duplicates_;
  ConstantFolder folder_;
  uint32_t round_begin_ = 0;
  std::unordered_map<std::string, uint32_t> idempotent_writes_;  // the last of each
  ReadyQueue ready_;
  size_t next_rescore_ = 64;

  std::deque<uint32_t> became_ready_;
  std::unordered_map<uint64_t, Request> requests_;
  uint64_t next_request_ = 0;
  std::vector<std::unique_ptr<ToolCall>> gone_;  // may be in the middle of a callback of theirs
  std::vector<uint32_t> ended_;  // in the order they ended, which is an order of dependence
  std::minstd_rand random_{std::random_device()()};

  EventLoop::Timer deadline_timer_, rate_timer_;
  bool holding_ = false;  // a whole plan is being added
  bool pumping_ = false;
  bool closed_ = false;    // the owner is gone
  bool finished_ = false;  // no more calls follow
  enum class Stopped { kNo, kCancelled, kOutOfTime } stopped_ = Stopped::kNo;
  std::string stop_reason_;
  std::optional<PlanJoin> join_;
  std::function<void(RunReport)> done_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLAN_RUN_STATE_H_
