// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which processor a thread is on. The system puts a thread that it wakes where it was, or where the
// one is that wakes it; of two that it has put on one processor it moves one when it notices, some
// milliseconds later.
//
// Thread-safety: about the thread that calls, but for WakePlace, whose steps follow each other.

#ifndef HEDDLE_RUNTIME_EXECUTOR_PROCESSORS_H_
#define HEDDLE_RUNTIME_EXECUTOR_PROCESSORS_H_

#include <sched.h>

#include <vector>

namespace heddle {

// From 0, less than CountProcessors().
int CurrentProcessor();
int CountProcessors();

// Moves this thread to a processor that is not `busy`, of those that it may use; which these are is
// as before when it returns. Does nothing where there is none.
void MoveFrom(const std::vector<int>& busy);

// Where a thread that waits is to wake, said by the one that wakes it. Else the system prefers any
// processor that idles, though one that has halted takes 45 us to begin; and then that of whoever
// wakes idles, so that the next one is sent there.
//
//   WakePlace place;      // by the thread that will wait
//   place.Set(processor); // by another one, before it wakes it
//   place.Leave();        // by the first one: it may be wherever it could be before
class WakePlace {
 public:
  WakePlace();
  // Returns whether it will wake there.
  bool Set(int processor);
  // Has it wake anywhere else, if it may be anywhere else, also after it was woken: one that waits
  // for this processor goes to another one.
  void Avoid(int processor);
  void Leave();

 private:
  bool Read();

  const int thread_;
  cpu_set_t allowed_;  // where it may be, since another place was said
  bool set_ = false;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_PROCESSORS_H_
