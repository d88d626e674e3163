// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether runs of a model that more callers want than there are processors go side by side, each on
// its caller's thread, or one after the other, each on all of its threads. Results are the same bits;
// which is faster is the model's: side by side nobody waits for another thread's part, but as many
// arenas and results share the caches. So a few of many runs are done in either way, and the others
// in the one that needed less of the machine.
//
// Thread-safety: any thread; what is learnt from all sessions of a model is shared by them.

#ifndef HEDDLE_RUNTIME_EXECUTOR_CROWD_H_
#define HEDDLE_RUNTIME_EXECUTOR_CROWD_H_

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace heddle {

class Crowd {
 public:
  // Of so many runs, so many are tried in each way.
  static constexpr uint32_t kPeriod = 256;
  static constexpr uint32_t kTrials = 4;

  // How many places at the gate the next run shall take: one, or one for each of its threads.
  int Places(int threads) {
    if (threads <= 1) return 1;
    uint32_t phase = runs_.fetch_add(1, std::memory_order_relaxed) % kPeriod;
    if (phase < 2 * kTrials) return phase < kTrials ? threads : 1;
    int64_t together = together_.load(std::memory_order_relaxed);
    return together > 0 && threads * together < beside_.load(std::memory_order_relaxed) ? threads : 1;
  }

  void Took(int places, std::chrono::nanoseconds time) {
    std::atomic<int64_t>& known = places > 1 ? together_ : beside_;
    // Relaxed, and one of two that come at once may be lost: what follows is only speed. A mean, as
    // that is what throughput is made of, in which no single run counts for much.
    int64_t old = known.load(std::memory_order_relaxed), now = time.count();
    if (old > 0) now = old + (std::min(now, 3 * old) - old) / 8;
    known.store(now, std::memory_order_relaxed);
  }

 private:
  std::atomic<uint32_t> runs_{0};
  std::atomic<int64_t> together_{0}, beside_{0};  // ns; 0: not known
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_CROWD_H_
