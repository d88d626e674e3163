// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/artifact/reachability.h"

namespace heddle {

// Tasks are listed in a legal order, so one pass from the last is enough.
Reachability::Reachability(const ProgramGraph& graph)
    : words_((graph.tasks.size() + 63) / 64), after_(words_ * graph.tasks.size()) {
  for (size_t task = graph.tasks.size(); task-- > 0;) {
    uint64_t* own = &after_[task * words_];
    for (uint32_t successor : graph.tasks[task].successors) {
      const uint64_t* theirs = &after_[successor * words_];
      for (size_t word = 0; word < words_; ++word) own[word] |= theirs[word];
      own[successor / 64] |= uint64_t{1} << (successor % 64);
    }
  }
}

}  // namespace heddle
