// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/plan/run_state.h"

namespace heddle {

void PlanRun::State::Pump() {
  if (pumping_ || holding_) return;
  // Whoever is called from here may let go of the run.
  auto alive = shared_from_this();
  pumping_ = true;
  while (!closed_) {
    if (!became_ready_.empty()) {
      uint32_t index = became_ready_.front();
      became_ready_.pop_front();
      BecomeReady(index);
    } else if (auto request = ready_.Pop()) {
      Launch(std::move(*request));
    } else {
      break;
    }
  }
  pumping_ = false;
  ArmRateTimer();
  EndIfDone();
}

void PlanRun::State::BecomeReady(uint32_t index) {
  RunCall& call = calls_[index];
  if (call.stage != CallStage::kWaiting) return;
  call.report.start_ms = Now();
  if (Skip(index)) return;
  absl::StatusOr<Json> arguments = Substitute(Template{std::move(call.arguments), {}},
                                              [this](CallId id) { return ResultOf(id); });
  call.arguments = {};
  if (!arguments.ok()) {
    Fail(index, CallStatus::kError, std::string(arguments.status().message()));
    return;
  }
  call.report.arguments = *std::move(arguments);
  if (Resume(index) || Follow(index)) return;
  if (call.folded) {
    Succeed(index, *call.folded);
  } else if (call.tool->description().approval) {
    Ask(index);
  } else {
    Queue(index);
  }
}

bool PlanRun::State::Skip(uint32_t index) {
  for (uint32_t used : calls_[index].uses) {
    if (calls_[used].has_result()) continue;
    // Through a chain of skipped calls the reason stays the first one.
    const CallReport& cause = calls_[used].report;
    Fail(index, CallStatus::kSkipped,
         cause.status == CallStatus::kSkipped
             ? cause.error
             : absl::StrCat("call ", cause.id, " has no result: ", cause.error));
    return true;
  }
  return false;
}

// What the journal knows of it decides.
bool PlanRun::State::Resume(uint32_t index) {
  if (!options_.journal) return false;
  RunCall& call = calls_[index];
  const auto& recorded = options_.journal->recorded().calls;
  auto found = recorded.find(call.report.id);
  if (found == recorded.end()) return false;
  const RecordedCall& past = found->second;
  call.report.attempts = past.attempts;
  const ToolDescription& tool = call.tool->description();
  if (past.ended_well()) {
    Settle(index, CallStatus::kResumed, past.result, "");
    // Those equal to it follow it, as they would have done then.
    if (options_.merge_duplicates) Follow(index);
  } else if (past.ended) {
    Fail(index, CallStatus::kError, past.error);
  } else if (!tool.repeatable() && !options_.retry_unknown) {
    Fail(index, CallStatus::kUnknown,
         "it had started when an earlier process ended, and it writes: whether it was done is "
         "unknown");
  } else {
    call.report.attempts = 0;
    return false;
  }
  return true;
}

// An equal call has the result, or will have it.
bool PlanRun::State::Follow(uint32_t index) {
  RunCall& call = calls_[index];
  const ToolDescription& tool = call.tool->description();
  if (!options_.merge_duplicates) return false;
  if (tool.effects == ToolEffects::kWrite) return tool.idempotent && FollowEarlierWrite(index);
  std::vector<uint32_t> writes_before;
  for (const auto* list : {&call.uses, &call.orders}) {
    for (uint32_t before : *list) {
      if (calls_[before].follows_write) writes_before.push_back(before);
    }
  }
  std::sort(writes_before.begin(), writes_before.end());
  auto first = duplicates_.Add(index, call.report.tool, tool.effects,
                               CanonicalText(call.report.arguments), writes_before);
  if (!first || call.stage == CallStage::kEnded) return false;
  RunCall& leader = calls_[*first];
  if (leader.dropped && !leader.has_result()) return false;
  call.leader = {*first};
  if (leader.has_result()) {
    Settle(index, CallStatus::kDeduplicated, leader.report.result, "");
  } else if (leader.stage == CallStage::kEnded) {
    Fail(index, leader.report.status, leader.report.error);
  } else {
    call.stage = CallStage::kFollowing;
    leader.followers.push_back(index);
  }
  return true;
}

void PlanRun::State::Ask(uint32_t index) {
  calls_[index].stage = CallStage::kAsking;
  // The answer may come at once or much later, twice, or when the run is gone.
  auto answer = [weak = weak_from_this(), index](bool approved) {
    auto self = weak.lock();
    if (!self || self->calls_[index].stage != CallStage::kAsking) return;
    if (approved) {
      self->Queue(index);
    } else {
      self->Fail(index, CallStatus::kDenied, "it needs approval and was denied");
    }
    self->Pump();
  };
  const CallReport& report = calls_[index].report;
  observer_->OnApproval(report.id, report.tool, report.arguments, std::move(answer));
}

void PlanRun::State::Queue(uint32_t index) {
  RunCall& call = calls_[index];
  call.stage = CallStage::kQueued;
  if (call.tool->description().batch_size.value_or(1) > 1) {
    // All that becomes ready in this round of the loop goes together.
    if (ready_.SetHeld(call.tool_slot, true)) {
      loop_.Post([weak = weak_from_this(), slot = call.tool_slot] {
        if (auto self = weak.lock()) {
          self->ready_.SetHeld(slot, false);
          self->Pump();
        }
      });
    }
  }
  ready_.Push(index, call.tool_slot, call.urgency);
}

const Json* PlanRun::State::ResultOf(CallId id) const {
  const RunCall& call = calls_[index_of_.at(id)];
  return call.has_result() ? &call.report.result : nullptr;
}

}  // namespace heddle
