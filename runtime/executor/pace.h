// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How long runs take, and whether that is above bounds, of one session or of all that a model has.
//
// Thread-safety: any thread. Relaxed, and one of two times told at once may be lost: what follows
// is only speed.

#ifndef HEDDLE_RUNTIME_EXECUTOR_PACE_H_
#define HEDDLE_RUNTIME_EXECUTOR_PACE_H_

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace heddle {

class Pace {
 public:
  // A run that was stopped for a time slice takes a hundred times as long, and says nothing about
  // the next; the first one is slow, and one that was on more threads is fast. So what is expected
  // rises by one part in `rise` at most with a run, and sinks by one in `fall`.
  constexpr Pace(int rise, int fall) : rise_(rise), fall_(fall) {}

  // How long a run takes; none yet: 0.
  std::chrono::nanoseconds expected() const {
    return std::chrono::nanoseconds(expected_.load(std::memory_order_relaxed));
  }
  void Took(std::chrono::nanoseconds time) {
    int64_t old = expected_.load(std::memory_order_relaxed), now = time.count();
    if (old > 0) now = std::clamp(now, old - old / fall_, old + old / rise_ + kSlack);
    expected_.store(now, std::memory_order_relaxed);
  }

  // Bounds with something in between, where what was last stays: from `begin` on runs are above it,
  // until they take less than `end`.
  struct Bound {
    enum Kind { kWaits, kLong } kind;
    std::chrono::nanoseconds begin, end;
  };
  bool IsAbove(const Bound& bound) {
    std::atomic<bool>& above = above_[bound.kind];
    bool was = above.load(std::memory_order_relaxed);
    bool is = expected() >= (was ? bound.end : bound.begin);
    if (is != was) above.store(is, std::memory_order_relaxed);
    return is;
  }

 private:
  static constexpr int64_t kSlack = 500;
  const int rise_, fall_;
  std::atomic<int64_t> expected_{0};  // ns
  std::atomic<bool> above_[2] = {};   // by kind
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_PACE_H_
