// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/executor/bell.h"

#include <ctime>

namespace heddle {

Bell::Bell() { sem_init(&semaphore_, /*pshared=*/0, /*value=*/0); }

Bell::~Bell() { sem_destroy(&semaphore_); }

void Bell::Wait(Clock::time_point until) {
  auto time = std::chrono::duration_cast<std::chrono::nanoseconds>(until.time_since_epoch());
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  timespec end{.tv_sec = seconds.count(), .tv_nsec = (time - seconds).count()};
  (void)sem_clockwait(&semaphore_, CLOCK_MONOTONIC, &end);
}

void Bell::Ring() {
  ringing_.store(true, std::memory_order_relaxed);
  sem_post(&semaphore_);
  ringing_.store(false, std::memory_order_relaxed);
}

}  // namespace heddle
