// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which of the calls that could go now may: the most urgent first, as far as the limit of the run, the
// limits of their tools and their rates have room. Calls of a tool that takes batches come together.
//
//   queue.Push(call, tool, urgency);
//   while (auto request = queue.Pop()) Start(*request);   // until Release(request->tool)
//   if (auto when = queue.NextTime()) ...                    // only time stands in the way
//
// A batch is one request: one of the run's slots, one of the tool's, one of its rate.
// Everything is O(log n). Thread-safety: none.

#ifndef HEDDLE_RUNTIME_PLAN_READY_QUEUE_H_
#define HEDDLE_RUNTIME_PLAN_READY_QUEUE_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "runtime/tools/tool.h"

namespace heddle {

// So many a second, and one second's worth of them at once.
class RateLimit {
 public:
  using Time = std::chrono::steady_clock::time_point;
  explicit RateLimit(double per_second);
  Time Next() const { return full_again_ - tolerance_; }
  void Take(Time now) { full_again_ = std::max(full_again_, now) + interval_; }

 private:
  std::chrono::steady_clock::duration interval_, tolerance_;
  Time full_again_{};
};

class ReadyQueue {
 public:
  using Time = RateLimit::Time;
  struct Request {
    uint32_t tool;
    std::vector<uint32_t> calls;
  };

  // 0: no limit.
  explicit ReadyQueue(int max_parallel) : max_parallel_(max_parallel) {}

  uint32_t AddTool(const ToolDescription& tool);
  void Push(uint32_t call, uint32_t tool, double urgency);
  void Remove(uint32_t call, uint32_t tool, double urgency);
  std::optional<Request> Pop(Time now);
  // Now; without rates the clock, which is not free, is not looked at.
  std::optional<Request> Pop() { return Pop(rated_ ? Time::clock::now() : Time()); }
  void Release(uint32_t tool);
  // Keeps a tool's calls together until it is let go. Whether that changed anything.
  bool SetHeld(uint32_t tool, bool held);
  std::optional<Time> NextTime() const;
  bool empty() const { return waiting_ == 0; }

 private:
  using Entry = std::pair<double, uint32_t>;  // negative urgency, call: the first goes first
  struct ToolState {
    uint32_t max_parallel, batch_size;
    std::optional<RateLimit> rate;
    std::set<Entry> waiting;
    uint32_t in_flight = 0;
    bool held = false;
    // Where it stands below, if anywhere.
    std::optional<Entry> candidate;
    std::optional<Time> resting;
  };

  void Refresh(uint32_t tool, Time now);

  const int max_parallel_;
  int in_flight_ = 0;
  size_t waiting_ = 0;
  bool rated_ = false;
  std::vector<ToolState> tools_;
  std::set<std::pair<Entry, uint32_t>> candidates_;  // tools that have a call and room for it
  std::set<std::pair<Time, uint32_t>> resting_;      // tools whose rate says when
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLAN_READY_QUEUE_H_
