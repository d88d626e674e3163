// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Places blocks in one arena so that blocks in conflict share no bytes. Greedy: the largest block
// first, each into the tightest gap between the blocks it conflicts with, else behind the last of
// them. Deterministic. It is not optimal (the problem is NP-hard); the compiler reports how far a
// plan is from the lower bound.
//
//   ArenaPlanner planner(3, {{0, 1}, {1, 2}});
//   absl::StatusOr<ArenaLayout> layout = planner.Plan({256, 64, 128});  // 0 and 2 share
//
// Thread-safety: immutable; Plan may be called from several threads.

#ifndef HEDDLE_RUNTIME_MEMORY_ARENA_PLANNER_H_
#define HEDDLE_RUNTIME_MEMORY_ARENA_PLANNER_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace heddle {

struct ArenaLayout {
  std::vector<int64_t> offsets;  // by block, multiples of 64; 0 for blocks without bytes
  int64_t size = 0;              // of the arena
};

class ArenaPlanner {
 public:
  using Conflict = std::pair<uint32_t, uint32_t>;

  ArenaPlanner() = default;
  // Blocks are 0 .. count-1. A pair may be given in either order and more than once.
  ArenaPlanner(uint32_t count, absl::Span<const Conflict> conflicts);

  // Blocks of size 0 take no room; negative sizes stand for blocks that are not in the arena.
  // ResourceExhausted where the arena's size leaves 56 bits.
  absl::StatusOr<ArenaLayout> Plan(absl::Span<const int64_t> sizes) const;

 private:
  std::vector<uint32_t> begin_;  // by block, and the end: its part of neighbours_
  std::vector<uint32_t> neighbours_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_MEMORY_ARENA_PLANNER_H_
