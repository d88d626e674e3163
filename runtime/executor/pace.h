// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How long runs take, and whether that is long, of one session or of all that a model has.
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

  // Whether runs are long: from `begin` on, until they take less than `end`.
  bool IsLong(std::chrono::nanoseconds begin, std::chrono::nanoseconds end) {
    bool was = long_.load(std::memory_order_relaxed), is = expected() >= (was ? end : begin);
    if (is != was) long_.store(is, std::memory_order_relaxed);
    return is;
  }

 private:
  static constexpr int64_t kSlack = 500;
  const int rise_, fall_;
  std::atomic<int64_t> expected_{0};  // ns
  std::atomic<bool> long_{false};
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_PACE_H_
