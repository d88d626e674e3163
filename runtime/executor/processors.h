// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which processor a thread is on. The system puts a thread that it wakes where it was, or where the
// one is that wakes it; of two that it has put on one processor it moves one when it notices, some
// milliseconds later.
//
// Thread-safety: about the thread that calls.

#ifndef HEDDLE_RUNTIME_EXECUTOR_PROCESSORS_H_
#define HEDDLE_RUNTIME_EXECUTOR_PROCESSORS_H_

#include <vector>

namespace heddle {

// From 0, less than CountProcessors().
int CurrentProcessor();
int CountProcessors();

// Moves this thread to a processor that is not `busy`, of those that it may use; which these are is
// as before when it returns. Does nothing where there is none.
void MoveFrom(const std::vector<int>& busy);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_PROCESSORS_H_
