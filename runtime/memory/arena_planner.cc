// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/memory/arena_planner.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "absl/status/status.h"

namespace heddle {
namespace {

constexpr int64_t kAlignment = 64;
constexpr int64_t kLargest = int64_t{1} << 56;

int64_t AlignUp(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

ArenaPlanner::ArenaPlanner(uint32_t count, absl::Span<const Conflict> conflicts)
    : begin_(count + 1), neighbours_(2 * conflicts.size()) {
  for (auto [a, b] : conflicts) {
    ++begin_[a + 1];
    ++begin_[b + 1];
  }
  std::partial_sum(begin_.begin(), begin_.end(), begin_.begin());
  std::vector<uint32_t> next(begin_.begin(), begin_.end() - 1);
  for (auto [a, b] : conflicts) {
    neighbours_[next[a]++] = b;
    neighbours_[next[b]++] = a;
  }
}

absl::StatusOr<ArenaLayout> ArenaPlanner::Plan(absl::Span<const int64_t> sizes) const {
  ArenaLayout layout;
  layout.offsets.assign(sizes.size(), 0);
  std::vector<uint32_t> order;
  for (uint32_t block = 0; block < sizes.size(); ++block) {
    if (sizes[block] > 0) order.push_back(block);
  }
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return sizes[a] != sizes[b] ? sizes[a] > sizes[b] : a < b;
  });

  std::vector<bool> placed(sizes.size());
  std::vector<std::pair<int64_t, int64_t>> taken;  // begin and end of the neighbours placed so far
  for (uint32_t block : order) {
    taken.clear();
    for (uint32_t i = begin_[block]; i < begin_[block + 1]; ++i) {
      uint32_t other = neighbours_[i];
      if (placed[other]) {
        taken.emplace_back(layout.offsets[other], layout.offsets[other] + AlignUp(sizes[other]));
      }
    }
    std::sort(taken.begin(), taken.end());
    int64_t size = AlignUp(sizes[block]);
    int64_t best = -1;
    int64_t best_gap = std::numeric_limits<int64_t>::max();
    int64_t end = 0;  // of what is taken so far
    for (auto [from, to] : taken) {
      if (int64_t gap = from - end; gap >= size && gap < best_gap) {
        best = end;
        best_gap = gap;
      }
      end = std::max(end, to);
    }
    int64_t offset = best >= 0 ? best : end;
    if (size > kLargest || offset > kLargest - size) {
      return absl::ResourceExhaustedError("the run's memory would exceed 2^56 bytes");
    }
    layout.offsets[block] = offset;
    placed[block] = true;
    layout.size = std::max(layout.size, offset + size);
  }
  return layout;
}

}  // namespace heddle
