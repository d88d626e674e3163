// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Wakes a thread that waits, on the processor of the one that wakes it. That is what a pipe is for:
// of a write to one the system takes that the writer is about to sleep, and lets the reader run in
// its place; whoever wakes from a futex is put where it was last, behind whoever runs there. Where
// it shall not have a pipe, or there are no descriptors left, a semaphore does it.
//
//   bell.Wait(until);  // one thread
//   bell.Ring();       // any other
//
// A ring may come late and end a later wait, so whoever waits looks whether it was meant.

#ifndef HEDDLE_RUNTIME_EXECUTOR_BELL_H_
#define HEDDLE_RUNTIME_EXECUTOR_BELL_H_

#include <chrono>
#include <semaphore>

namespace heddle {

class Bell {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Bell(bool pipe);
  ~Bell();
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  // Returns after a ring, at the time given, and sometimes before.
  void Wait(Clock::time_point until);
  void Ring();
  // A process that was forked has the pipes of the other one, and must not read from them.
  bool mine() const;

 private:
  const int process_;
  int ends_[2] = {-1, -1};  // of the pipe; none: the semaphore
  std::counting_semaphore<> semaphore_{0};
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_BELL_H_
