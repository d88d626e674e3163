// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Wakes a thread that waits, in one call of the system on either side: what the kernel needs of a
// handover is not in the caches after a run, so that each further call costs microseconds. (The
// standard library's semaphore yields several times before it sleeps.)
//
//   bell.Wait(until);  // one thread
//   bell.Ring();       // any other
//
// A ring may come late and end a later wait, so whoever waits looks whether it was meant.

#ifndef HEDDLE_RUNTIME_EXECUTOR_BELL_H_
#define HEDDLE_RUNTIME_EXECUTOR_BELL_H_

#include <semaphore.h>

#include <atomic>
#include <chrono>

namespace heddle {

class Bell {
 public:
  using Clock = std::chrono::steady_clock;

  Bell();
  ~Bell();
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  // Returns after a ring, at the time given, and sometimes before.
  void Wait(Clock::time_point until);
  void Ring();
  // Whether whoever rings it has not come back from that: the one that was woken took its place.
  bool ringing() const { return ringing_.load(std::memory_order_relaxed); }

 private:
  sem_t semaphore_;
  std::atomic<bool> ringing_{false};  // relaxed: what follows from it is only speed
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_BELL_H_
