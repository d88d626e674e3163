// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/executor/bell.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

namespace heddle {

Bell::Bell(bool pipe) : process_(getpid()) {
  if (!pipe || pipe2(ends_, O_CLOEXEC | O_NONBLOCK) != 0) ends_[0] = ends_[1] = -1;
}

Bell::~Bell() {
  for (int end : ends_) {
    if (end >= 0) close(end);
  }
}

bool Bell::mine() const { return process_ == getpid(); }

void Bell::Wait(Clock::time_point until) {
  if (ends_[0] < 0) {
    (void)semaphore_.try_acquire_until(until);
    return;
  }
  auto left = std::max<std::chrono::nanoseconds>(until - Clock::now(), std::chrono::nanoseconds(0));
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  timespec time{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
  pollfd rung{.fd = ends_[0], .events = POLLIN, .revents = 0};
  if (ppoll(&rung, 1, &time, nullptr) <= 0) return;
  char rings[64];
  (void)!read(ends_[0], rings, sizeof(rings));
}

void Bell::Ring() {
  if (ends_[1] < 0) {
    semaphore_.release();
  } else {
    // A full pipe has been rung already.
    (void)!write(ends_[1], "", 1);
  }
}

}  // namespace heddle
