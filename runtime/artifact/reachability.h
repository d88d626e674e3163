// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which tasks of a verified graph run after which others under every order that its edges allow. A bit
// for each pair.
//
// Thread-safety: immutable.

#ifndef HEDDLE_RUNTIME_ARTIFACT_REACHABILITY_H_
#define HEDDLE_RUNTIME_ARTIFACT_REACHABILITY_H_

#include <cstdint>
#include <vector>

#include "runtime/artifact/program.h"

namespace heddle {

class Reachability {
 public:
  explicit Reachability(const ProgramGraph& graph);

  size_t words() const { return words_; }
  // The tasks after `task`, a bit for each.
  const uint64_t* After(uint32_t task) const { return &after_[task * words_]; }
  bool IsBefore(uint32_t first, uint32_t second) const {
    return (After(first)[second / 64] >> (second % 64) & 1) != 0;
  }

 private:
  size_t words_;  // of a set of tasks
  std::vector<uint64_t> after_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_ARTIFACT_REACHABILITY_H_
