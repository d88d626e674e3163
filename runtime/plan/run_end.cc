// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <utility>

#include "runtime/plan/dead_calls.h"
#include "runtime/plan/run_state.h"

namespace heddle {

void PlanRun::State::Succeed(uint32_t index, Json result) {
  Settle(index, CallStatus::kOk, std::move(result), "");
}

void PlanRun::State::Fail(uint32_t index, CallStatus status, std::string error) {
  // An error without a word would read as success.
  Settle(index, status, nullptr, error.empty() ? "failed without a message" : std::move(error));
}

// The end of a call, whatever the end. Those that waited for it become ready once all they wait for
// has ended, so an end stands for the ends of everything before it.
void PlanRun::State::Settle(uint32_t index, CallStatus status, Json result, std::string error) {
  RunCall& call = calls_[index];
  if (call.stage == CallStage::kEnded) return;
  if (call.stage == CallStage::kQueued) ready_.Remove(index, call.tool_slot, call.urgency);
  if (call.stage == CallStage::kWaiting) call.report.start_ms = Now();
  call.stage = CallStage::kEnded;
  call.report.status = status;
  call.report.result = std::move(result);
  call.report.error = std::move(error);
  call.report.end_ms = Now();
  ended_.push_back(index);
  for (uint32_t waiting : std::exchange(call.waiting, {})) {
    if (--calls_[waiting].waits == 0) became_ready_.push_back(waiting);
  }
  if (call.dropped) return;

  bool happened = status == CallStatus::kOk || status == CallStatus::kDeduplicated ||
                  (status == CallStatus::kError && call.report.attempts > 0);
  if (options_.journal && happened) options_.journal->RecordEnd(call.report);
  observer_->OnEnd(call.report);
  for (uint32_t follower : std::exchange(call.followers, {})) {
    if (call.has_result()) {
      Settle(follower, CallStatus::kDeduplicated, call.report.result, "");
    } else {
      Fail(follower, call.report.status, call.report.error);
    }
  }
}

void PlanRun::State::Finish(std::optional<PlanJoin> join, std::function<void(RunReport)> done) {
  if (finished_) return;
  finished_ = true;
  if (options_.journal) options_.journal->RecordPlanEnd(join);
  join_ = std::move(join);
  done_ = std::move(done);
  if (join_ && !join_->arguments.empty()) DropDeadCalls();
  Rescore();
  Pump();
}

void PlanRun::State::DropDeadCalls() {
  std::vector<CallUses> uses;
  for (const RunCall& call : calls_) {
    bool pure = call.tool && call.tool->description().effects == ToolEffects::kPure;
    uses.push_back({pure, call.uses});
    uses.back().uses.insert(uses.back().uses.end(), call.leader.begin(), call.leader.end());
  }
  std::vector<uint32_t> joined;
  for (const Template& argument : join_->arguments) {
    VisitReferences(argument, [&](const Reference& reference) {
      auto found = index_of_.find(reference.call);
      if (found != index_of_.end()) joined.push_back(found->second);
    });
  }
  std::vector<bool> dead = FindDeadCalls(uses, joined);
  for (uint32_t index = 0; index < calls_.size(); ++index) {
    if (dead[index]) Drop(index);
  }
}

// In a stream it may have started before the join came, and may even have ended: it is cancelled, and
// forgotten as if the join had been known.
void PlanRun::State::Drop(uint32_t index) {
  calls_[index].dropped = true;
  auto found = requests_.find(calls_[index].request);
  bool in_flight = calls_[index].stage == CallStage::kInFlight;
  if (in_flight && found != requests_.end() && found->second.calls.size() == 1) {
    DestroyLater(std::move(found->second.under_way));
    ready_.Release(found->second.tool_slot);
    requests_.erase(found);
  }
  Settle(index, CallStatus::kCancelled, nullptr, "nothing needs it");
}

void PlanRun::State::Stop(bool cancelled, const std::string& reason) {
  if (stopped_ != Stopped::kNo || closed_) return;
  stopped_ = cancelled ? Stopped::kCancelled : Stopped::kOutOfTime;
  stop_reason_ = reason;
  auto alive = shared_from_this();
  bool outermost = !std::exchange(pumping_, true);
  for (auto& [id, request] : std::exchange(requests_, {})) {
    if (request.under_way) DestroyLater(std::move(request.under_way));
  }
  for (uint32_t index = 0; index < calls_.size() && !closed_; ++index) {
    Fail(index, CallStatus::kCancelled, reason);
  }
  if (outermost) {
    pumping_ = false;
    Pump();
  }
}

void PlanRun::State::Close() {
  closed_ = true;
  observer_ = &silent_;
  done_ = nullptr;
  deadline_timer_.End();
  rate_timer_.End();
  requests_.clear();
  gone_.clear();
}

void PlanRun::State::EndIfDone() {
  if (closed_ || !finished_ || !done_ || ended_.size() < calls_.size()) return;
  deadline_timer_.End();
  auto report = std::make_shared<RunReport>(MakeReport());
  auto deliver = [weak = weak_from_this(), report, done = std::exchange(done_, nullptr)] {
    auto self = weak.lock();
    if (self && !self->closed_) done(std::move(*report));
  };
  if (!options_.journal) {
    loop_.Post(std::move(deliver));
    return;
  }
  // What was reported as done must not be forgotten.
  bool unknown = false;
  for (const CallReport& call : report->calls) unknown |= call.status == CallStatus::kUnknown;
  if (stopped_ == Stopped::kNo && !unknown) options_.journal->RecordFinished();
  options_.journal->AfterCommit([deliver](absl::Status) { deliver(); });
}

}  // namespace heddle
