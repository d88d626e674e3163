// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/executor/processors.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace heddle {
namespace {

// The system's number of this thread.
int ThreadNumber() { return static_cast<int>(syscall(SYS_gettid)); }

}  // namespace

int CurrentProcessor() { return std::clamp(sched_getcpu(), 0, CPU_SETSIZE - 1); }

int CountProcessors() { return CPU_SETSIZE; }

void MoveFrom(const std::vector<int>& busy) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  cpu_set_t wanted = allowed;
  for (int processor : busy) CPU_CLR(processor, &wanted);
  if (CPU_COUNT(&wanted) == 0 || sched_setaffinity(0, sizeof(wanted), &wanted) != 0) return;
  sched_setaffinity(0, sizeof(allowed), &allowed);
}

WakePlace::WakePlace() : thread_(ThreadNumber()) {}

bool WakePlace::Read() {
  return set_ || sched_getaffinity(thread_, sizeof(allowed_), &allowed_) == 0;
}

bool WakePlace::Set(int processor) {
  if (!Read() || !CPU_ISSET(processor, &allowed_)) return false;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(processor, &one);
  set_ |= sched_setaffinity(thread_, sizeof(one), &one) == 0;
  return set_;
}

void WakePlace::Avoid(int processor) {
  if (!Read()) return;
  cpu_set_t others = allowed_;
  CPU_CLR(processor, &others);
  if (CPU_COUNT(&others) == 0) return;
  set_ |= sched_setaffinity(thread_, sizeof(others), &others) == 0;
}

void WakePlace::Leave() {
  if (set_) sched_setaffinity(0, sizeof(allowed_), &allowed_);
  set_ = false;
}

}  // namespace heddle
