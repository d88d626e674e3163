// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/memory/arena_planner.h"

#include <algorithm>
#include <limits>

#include "absl/status/status.h"

namespace heddle {
namespace {

constexpr int64_t kAlignment = 64;
constexpr int64_t kLargest = int64_t{1} << 56;

int64_t AlignUp(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

struct Placed {
  int64_t begin, end;
  uint32_t block;
};

}  // namespace

absl::StatusOr<ArenaLayout> PlanArena(absl::Span<const int64_t> sizes,
                                      absl::FunctionRef<bool(uint32_t, uint32_t)> may_share) {
  ArenaLayout layout;
  layout.offsets.assign(sizes.size(), 0);
  std::vector<uint32_t> order;
  for (uint32_t block = 0; block < sizes.size(); ++block) {
    if (sizes[block] > 0) order.push_back(block);
  }
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return sizes[a] != sizes[b] ? sizes[a] > sizes[b] : a < b;
  });

  std::vector<Placed> placed;  // by their begin
  placed.reserve(order.size());
  for (uint32_t block : order) {
    int64_t size = AlignUp(sizes[block]);
    int64_t best = -1;
    int64_t best_gap = std::numeric_limits<int64_t>::max();
    int64_t end = 0;  // of what is taken so far
    for (const Placed& other : placed) {
      // What ends before here leaves no gap, shared or not.
      if (other.end <= end || may_share(block, other.block)) continue;
      if (int64_t gap = other.begin - end; gap >= size && gap < best_gap) {
        best = end;
        best_gap = gap;
      }
      end = other.end;
    }
    int64_t offset = best >= 0 ? best : end;
    if (size > kLargest || offset > kLargest - size) {
      return absl::ResourceExhaustedError("the run's memory would exceed 2^56 bytes");
    }
    layout.offsets[block] = offset;
    Placed added{offset, offset + size, block};
    auto after = std::upper_bound(placed.begin(), placed.end(), added,
                                  [](const Placed& a, const Placed& b) { return a.begin < b.begin; });
    placed.insert(after, added);
    layout.size = std::max(layout.size, offset + size);
  }
  return layout;
}

}  // namespace heddle
