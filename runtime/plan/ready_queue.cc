// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/plan/ready_queue.h"

#include <algorithm>
#include <cmath>

namespace heddle {

RateLimit::RateLimit(double per_second) {
  // A rate of less than one a day would overflow the clock before it is of use to anybody.
  double seconds = 1 / std::clamp(per_second, 1e-5, 1e9);
  using Seconds = std::chrono::duration<double>;
  interval_ = std::chrono::duration_cast<std::chrono::steady_clock::duration>(Seconds(seconds));
  tolerance_ = std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      Seconds(seconds * std::max(std::floor(per_second) - 1, 0.0)));
}

uint32_t ReadyQueue::AddTool(const ToolDescription& tool) {
  ToolState& state = tools_.emplace_back();
  state.max_parallel = static_cast<uint32_t>(std::max(tool.max_parallel.value_or(0), 0));
  state.batch_size = static_cast<uint32_t>(std::max(tool.batch_size.value_or(1), 1));
  if (tool.rate_per_second) state.rate.emplace(*tool.rate_per_second);
  rated_ |= tool.rate_per_second.has_value();
  return static_cast<uint32_t>(tools_.size() - 1);
}

void ReadyQueue::Push(uint32_t call, uint32_t tool, double urgency) {
  tools_[tool].waiting.insert({-urgency, call});
  ++waiting_;
  Refresh(tool, Time());
}

void ReadyQueue::Remove(uint32_t call, uint32_t tool, double urgency) {
  waiting_ -= tools_[tool].waiting.erase({-urgency, call});
  Refresh(tool, Time());
}

std::optional<ReadyQueue::Request> ReadyQueue::Pop(Time now) {
  while (!resting_.empty() && resting_.begin()->first <= now)
    Refresh(resting_.begin()->second, now);
  if (candidates_.empty() || (max_parallel_ > 0 && in_flight_ >= max_parallel_))
    return std::nullopt;
  Request request{candidates_.begin()->second, {}};
  ToolState& tool = tools_[request.tool];
  while (!tool.waiting.empty() && request.calls.size() < tool.batch_size) {
    request.calls.push_back(tool.waiting.begin()->second);
    tool.waiting.erase(tool.waiting.begin());
    --waiting_;
  }
  ++tool.in_flight;
  ++in_flight_;
  if (tool.rate) tool.rate->Take(now);
  Refresh(request.tool, now);
  return request;
}

void ReadyQueue::Release(uint32_t tool) {
  --tools_[tool].in_flight;
  --in_flight_;
  Refresh(tool, Time());
}

bool ReadyQueue::SetHeld(uint32_t tool, bool held) {
  bool changed = std::exchange(tools_[tool].held, held) != held;
  if (changed) Refresh(tool, Time());
  return changed;
}

std::optional<ReadyQueue::Time> ReadyQueue::NextTime() const {
  if (resting_.empty() || (max_parallel_ > 0 && in_flight_ >= max_parallel_)) return std::nullopt;
  return resting_.begin()->first;
}

// A rate is looked at against `now`; without one, the tool rests and the next Pop decides.
void ReadyQueue::Refresh(uint32_t index, Time now) {
  ToolState& tool = tools_[index];
  if (tool.candidate) candidates_.erase({*tool.candidate, index});
  if (tool.resting) resting_.erase({*tool.resting, index});
  tool.candidate.reset();
  tool.resting.reset();
  if (tool.held || tool.waiting.empty()) return;
  if (tool.max_parallel > 0 && tool.in_flight >= tool.max_parallel) return;
  if (tool.rate && tool.rate->Next() > now) {
    tool.resting = tool.rate->Next();
    resting_.insert({*tool.resting, index});
  } else {
    tool.candidate = *tool.waiting.begin();
    candidates_.insert({*tool.candidate, index});
  }
}

}  // namespace heddle
