// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/plan/dead_calls.h"

namespace heddle {

std::vector<bool> FindDeadCalls(const std::vector<CallUses>& calls,
                                const std::vector<uint32_t>& joined) {
  std::vector<bool> dead(calls.size(), true);
  std::vector<uint32_t> needed = joined;
  for (uint32_t call = 0; call < calls.size(); ++call) {
    if (!calls[call].pure) needed.push_back(call);
  }
  while (!needed.empty()) {
    uint32_t call = needed.back();
    needed.pop_back();
    if (!dead[call]) continue;
    dead[call] = false;
    needed.insert(needed.end(), calls[call].uses.begin(), calls[call].uses.end());
  }
  return dead;
}

}  // namespace heddle
