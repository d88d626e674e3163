// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Places blocks in one arena so that blocks which may not share bytes do not. Greedy: one block after
// the other, each into a gap between the blocks that it may not share with, else behind the last of
// them. Several orders are tried, the largest block first and others, and improved by giving what ends
// last its place first. Deterministic. It is not optimal (the problem is NP-hard).
//
//   // 0 and 2 share
//   absl::StatusOr<ArenaLayout> layout = PlanArena({256, 64, 128}, [](uint32_t a, uint32_t b) {
//     return a != 1 && b != 1;
//   });
//
// Thread-safety: a pure function.

#ifndef HEDDLE_RUNTIME_MEMORY_ARENA_PLANNER_H_
#define HEDDLE_RUNTIME_MEMORY_ARENA_PLANNER_H_

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace heddle {

struct ArenaLayout {
  std::vector<int64_t> offsets;  // by block, multiples of 64; 0 for blocks without bytes
  int64_t size = 0;              // of the arena
};

// Blocks are 0 .. sizes.size()-1; those of size 0 take no room, negative sizes stand for blocks that
// are not in the arena. ResourceExhausted where the arena's size leaves 56 bits.
absl::StatusOr<ArenaLayout> PlanArena(absl::Span<const int64_t> sizes,
                                      absl::FunctionRef<bool(uint32_t, uint32_t)> may_share);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_MEMORY_ARENA_PLANNER_H_
