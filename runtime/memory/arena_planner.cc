// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/memory/arena_planner.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

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

using MayShare = absl::FunctionRef<bool(uint32_t, uint32_t)>;

// Graphs of more blocks are planned once: it takes time with the square of them.
constexpr size_t kMostForTries = 2000;
// A plan of fewer is improved so often: 16 us each for 76 blocks, and most that gain do by then.
constexpr size_t kMostToImprove = 512;
constexpr int kImprovements = 16;

// Blocks one after the other in the order, each into the tightest gap, or the first one.
absl::StatusOr<ArenaLayout> Place(absl::Span<const int64_t> sizes, absl::Span<const uint32_t> order,
                                  bool tightest, MayShare may_share) {
  ArenaLayout layout;
  layout.offsets.assign(sizes.size(), 0);
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
        best_gap = tightest ? gap : 0;
      }
      end = other.end;
    }
    int64_t offset = best >= 0 ? best : end;
    if (size > kLargest || offset > kLargest - size) {
      return absl::ResourceExhaustedError("the run's memory would exceed 2^56 bytes");
    }
    layout.offsets[block] = offset;
    Placed added{offset, offset + size, block};
    auto after =
        std::upper_bound(placed.begin(), placed.end(), added,
                         [](const Placed& a, const Placed& b) { return a.begin < b.begin; });
    placed.insert(after, added);
    layout.size = std::max(layout.size, offset + size);
  }
  return layout;
}

// The best of some layouts of which each gives what ended last in the one before its place first.
void Improve(ArenaLayout& best, absl::Span<const int64_t> sizes, std::vector<uint32_t> order,
             int64_t least, MayShare may_share) {
  std::vector<char> shares(sizes.size() * sizes.size());  // asked often
  for (uint32_t a : order) {
    for (uint32_t b : order) shares[a * sizes.size() + b] = may_share(a, b);
  }
  auto known = [&](uint32_t a, uint32_t b) { return shares[a * sizes.size() + b] != 0; };
  absl::StatusOr<ArenaLayout> layout = Place(sizes, order, /*tightest=*/true, known);
  for (int i = 0; i < kImprovements && layout.ok() && best.size > least; ++i) {
    auto last = std::find_if(order.begin(), order.end(), [&](uint32_t block) {
      return layout->offsets[block] + AlignUp(sizes[block]) == layout->size;
    });
    std::rotate(order.begin(), last, last + 1);
    layout = Place(sizes, order, /*tightest=*/true, known);
    if (layout.ok() && layout->size < best.size) best = *layout;
  }
}

}  // namespace

absl::StatusOr<ArenaLayout> PlanArena(absl::Span<const int64_t> sizes, MayShare may_share) {
  std::vector<uint32_t> order;
  for (uint32_t block = 0; block < sizes.size(); ++block) {
    if (sizes[block] > 0) order.push_back(block);
  }
  std::vector<uint32_t> by_size = order;
  std::stable_sort(by_size.begin(), by_size.end(),
                   [&](uint32_t a, uint32_t b) { return sizes[a] > sizes[b]; });
  absl::StatusOr<ArenaLayout> best = Place(sizes, by_size, /*tightest=*/true, may_share);
  if (!best.ok() || order.size() > kMostForTries) return best;
  // The bytes that each has to be apart from. No plan takes less than two blocks that are apart do.
  std::vector<double> beside(sizes.size());
  int64_t least = 0;
  for (uint32_t a : order) {
    for (uint32_t b : order) {
      if (a >= b || may_share(a, b)) continue;
      beside[a] += static_cast<double>(sizes[b]);
      beside[b] += static_cast<double>(sizes[a]);
      least = std::max(least, AlignUp(sizes[a]) + AlignUp(sizes[b]));
    }
  }
  if (best->size <= least) return best;
  std::vector<uint32_t> by_beside = order;
  std::stable_sort(by_beside.begin(), by_beside.end(),
                   [&](uint32_t a, uint32_t b) { return beside[a] > beside[b]; });
  for (absl::Span<const uint32_t> tried : {by_size, by_beside, order}) {
    for (bool tightest : {true, false}) {
      absl::StatusOr<ArenaLayout> layout = Place(sizes, tried, tightest, may_share);
      if (layout.ok() && layout->size < best->size) best = std::move(layout);
    }
  }
  if (sizes.size() <= kMostToImprove) Improve(*best, sizes, by_size, least, may_share);
  return best;
}

}  // namespace heddle
