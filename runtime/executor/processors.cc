// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/executor/processors.h"

#include <sched.h>

#include <algorithm>

namespace heddle {

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

}  // namespace heddle
