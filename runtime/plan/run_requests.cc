// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/plan/retry_policy.h"
#include "runtime/plan/run_state.h"
#include "runtime/plan/trace.h"

namespace heddle {

void PlanRun::State::Launch(ReadyQueue::Request ready) {
  uint64_t id = next_request_++;
  Request& request = requests_[id];
  request.calls = std::move(ready.calls);
  request.tool_slot = ready.tool;
  for (uint32_t index : request.calls) {
    RunCall& call = calls_[index];
    call.stage = CallStage::kInFlight;
    call.request = id;
    ++call.report.attempts;
    if (options_.journal) {
      options_.journal->RecordStart(call.report.id, call.report.arguments, call.report.attempts);
    }
  }
  bool writes = calls_[request.calls[0]].tool->description().effects == ToolEffects::kWrite;
  if (!options_.journal || !writes) {
    Send(id);
    return;
  }
  // What changes the world is on record first.
  options_.journal->AfterCommit([weak = weak_from_this(), id](absl::Status status) {
    auto self = weak.lock();
    if (!self || self->requests_.count(id) == 0) return;
    if (status.ok()) {
      self->Send(id);
    } else {
      self->OnOutcome(id,
                      ToolError{absl::StrCat("not started, because the journal cannot be written: ",
                                             status.message()),
                                false,
                                {}});
    }
    self->Pump();
  });
}

void PlanRun::State::Send(uint64_t id) {
  Request& request = requests_.at(id);
  request.began = EventLoop::Clock::now();
  const std::vector<uint32_t> members = request.calls;
  RunCall& first = calls_[members[0]];
  const ToolDescription& tool = first.tool->description();
  bool batch = tool.batch_size.has_value();
  Json arguments = batch ? Json::array() : first.report.arguments;
  for (uint32_t index : members) {
    CallReport& report = calls_[index].report;
    if (report.attempts == 1) report.start_ms = Since(request.began);
    if (batch) arguments.push_back(report.arguments);
    observer_->OnStart(report.id, report.tool, report.arguments, report.attempts);
  }
  // The observer may have cancelled.
  if (requests_.count(id) == 0) return;

  ToolCallOptions options;
  options.deadline = deadline_;
  auto weak = weak_from_this();
  if (tool.timeout) {
    auto timeout_at = request.began + *tool.timeout;
    options.deadline = std::min(options.deadline.value_or(timeout_at), timeout_at);
    request.timer = loop_.At(timeout_at, [weak, id, limit = *tool.timeout] {
      auto self = weak.lock();
      if (!self) return;
      self->OnOutcome(id,
                      ToolError{absl::StrCat("timed out after ", limit.count(), " ms"), true, {}});
      self->Pump();
    });
  }
  options.traceparent = ChildTraceparent(options_.traceparent, first.report.id);
  options.on_progress = [weak, id](double progress, const std::string& message) {
    auto self = weak.lock();
    if (!self) return;
    auto found = self->requests_.find(id);
    if (found == self->requests_.end()) return;
    std::vector<uint32_t> calls = found->second.calls;
    for (uint32_t index : calls) {
      self->observer_->OnProgress(self->calls_[index].report.id, progress, message);
    }
  };
  std::unique_ptr<ToolCall> under_way =
      first.tool->StartCall(std::move(arguments), options, [weak, id](ToolOutcome outcome) {
        auto self = weak.lock();
        if (!self) return;
        self->OnOutcome(id, std::move(outcome));
        self->Pump();
      });
  // It may have ended already.
  auto found = requests_.find(id);
  if (found != requests_.end()) {
    found->second.under_way = std::move(under_way);
  } else {
    DestroyLater(std::move(under_way));
  }
}

void PlanRun::State::OnOutcome(uint64_t id, ToolOutcome outcome) {
  auto found = requests_.find(id);
  if (found == requests_.end()) return;  // cancelled, timed out, or told twice
  Request request = std::move(found->second);
  requests_.erase(found);
  request.timer.End();
  DestroyLater(std::move(request.under_way));
  ready_.Release(request.tool_slot);

  const ToolDescription& tool = calls_[request.calls[0]].tool->description();
  if (auto* error = std::get_if<ToolError>(&outcome)) {
    OnError(std::move(request), *error);
    return;
  }
  Json& result = std::get<Json>(outcome);
  auto took = EventLoop::Clock::now() - request.began;
  costs_.Measured(tool.name, std::chrono::duration<double, std::milli>(took).count());
  if (!tool.batch_size) {
    Succeed(request.calls[0], std::move(result));
  } else if (!result.is_array() || result.size() != request.calls.size()) {
    std::string message = absl::StrCat(
        "a batch of ", request.calls.size(), " calls returned ",
        result.is_array() ? absl::StrCat(result.size(), " results") : std::string("no array"));
    for (uint32_t index : request.calls) Fail(index, CallStatus::kError, message);
  } else {
    for (size_t i = 0; i < request.calls.size(); ++i) {
      Succeed(request.calls[i], std::move(result[i]));
    }
  }
}

void PlanRun::State::OnError(Request request, const ToolError& error) {
  const RunCall& first = calls_[request.calls[0]];
  double jitter = std::uniform_real_distribution<double>(0, 1)(random_);
  // One jitter for a batch, whose calls then go together again.
  std::vector<uint32_t> again;
  std::optional<std::chrono::milliseconds> longest;
  for (uint32_t index : request.calls) {
    if (calls_[index].stage != CallStage::kInFlight) continue;
    auto pause =
        PauseBeforeRetry(first.tool->description(), error, calls_[index].report.attempts, jitter);
    if (!pause) {
      Fail(index, CallStatus::kError, error.message);
      continue;
    }
    calls_[index].stage = CallStage::kPausing;
    again.push_back(index);
    longest = std::max(longest.value_or(*pause), *pause);
    observer_->OnRetry(calls_[index].report.id, error, *pause);
  }
  if (again.empty() || closed_) return;
  // A pause takes no slot.
  uint64_t id = next_request_++;
  for (uint32_t index : again) calls_[index].request = id;
  Request& paused = requests_[id];
  paused.calls = std::move(again);
  paused.timer = loop_.After(*longest, [weak = weak_from_this(), id] {
    auto self = weak.lock();
    if (!self) return;
    auto found = self->requests_.find(id);
    if (found == self->requests_.end()) return;
    std::vector<uint32_t> calls = std::move(found->second.calls);
    self->requests_.erase(found);
    for (uint32_t index : calls) {
      if (self->calls_[index].stage == CallStage::kPausing) self->Queue(index);
    }
    self->Pump();
  });
}

void PlanRun::State::DestroyLater(std::unique_ptr<ToolCall> call) {
  if (!call) return;
  gone_.push_back(std::move(call));
  if (gone_.size() > 1) return;
  loop_.Post([weak = weak_from_this()] {
    // Destroying one may end another call, so they are taken out first.
    if (auto self = weak.lock()) std::exchange(self->gone_, {});
  });
}

void PlanRun::State::ArmRateTimer() {
  auto when = ready_.NextTime();
  if (!when || closed_) {
    rate_timer_.End();
    return;
  }
  rate_timer_ = loop_.At(*when, [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->Pump();
  });
}

}  // namespace heddle
