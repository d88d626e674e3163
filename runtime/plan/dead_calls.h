// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls that nothing needs: pure ones whose result neither the join nor a call that is needed uses.
// Reads and writes are always needed: a read may have been asked for its failure, and a person can see
// that it ran. Only where the join names its arguments; a bare join() asks for everything.
//
// Thread-safety: pure functions.

#ifndef HEDDLE_RUNTIME_PLAN_DEAD_CALLS_H_
#define HEDDLE_RUNTIME_PLAN_DEAD_CALLS_H_

#include <cstdint>
#include <vector>

namespace heddle {

// What matters of a call here; calls are known by their index.
struct CallUses {
  bool pure = false;
  std::vector<uint32_t> uses;  // calls whose results it refers to
};

// `joined`: the calls that the join refers to. An order alone (`after`) does not keep a call alive.
std::vector<bool> FindDeadCalls(const std::vector<CallUses>& calls,
                                const std::vector<uint32_t>& joined);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLAN_DEAD_CALLS_H_
