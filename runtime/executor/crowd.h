// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether runs of a model that more callers want than there are processors go side by side, each on
// its caller's thread, or one after the other, each on all of its threads. Results are the same
// bits; which is faster is the model's: side by side nobody waits for another thread's part, but as
// many arenas and results share the caches. So a few of many runs are done in either way, and the
// others side by side, unless the other way needs clearly less of the machine: from one of its runs
// to the next, all processors but one wait.
//
// Thread-safety: any thread; what is learnt from all sessions of a model is shared by them.

#ifndef HEDDLE_RUNTIME_EXECUTOR_CROWD_H_
#define HEDDLE_RUNTIME_EXECUTOR_CROWD_H_

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>

#include "runtime/executor/pace.h"

namespace heddle {

class Crowd {
 public:
  // Once in so many runs, so many are tried in each way. The more runs there were, the rarer: those
  // that are tried hold others up.
  static constexpr uint32_t kLeastPeriod = 256, kMostPeriod = 4096;
  static constexpr uint32_t kTrials = 4;

  // How many places at the gate the next run shall take: one, or one for each of its threads.
  int Places(int threads) {
    if (threads <= 1) return 1;
    uint32_t run = runs_.fetch_add(1, std::memory_order_relaxed);
    uint32_t phase = run % std::clamp(std::bit_floor(run), kLeastPeriod, kMostPeriod);
    if (phase < 2 * kTrials) return phase < kTrials ? threads : 1;
    auto together = threads * together_.expected(), beside = beside_.expected();
    return together.count() > 0 && together < beside - beside / 10 ? threads : 1;
  }

  // Of all sessions' runs: near their median, as which side of a bound it is on is all that counts.
  Pace& pace() { return pace_; }

  void Took(int places, std::chrono::nanoseconds time) {
    (places > 1 ? together_ : beside_).Took(time);
  }

 private:
  Pace pace_{32, 32};
  std::atomic<uint32_t> runs_{0};
  // What either way takes where nothing is new to it. Slow runs come in a row, as the first ones do
  // and the last ones, which write where nothing is in the caches, and that is not the way's.
  Pace together_{32, 4}, beside_{32, 4};
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_CROWD_H_
