// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/memory/antichain.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

namespace heddle {
namespace {

constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max() / 4;

// Dinic's: shortest augmenting paths, all of one length at a time.
class Flow {
 public:
  explicit Flow(uint32_t nodes) : edges_of_(nodes), level_(nodes), next_(nodes) {}

  void Connect(uint32_t from, uint32_t to, int64_t capacity) {
    edges_of_[from].push_back(static_cast<uint32_t>(edges_.size()));
    edges_.push_back({to, capacity});
    edges_of_[to].push_back(static_cast<uint32_t>(edges_.size()));
    edges_.push_back({from, 0});
  }

  int64_t Maximum(uint32_t source, uint32_t sink) {
    int64_t total = 0;
    while (FindLevels(source, sink)) {
      std::fill(next_.begin(), next_.end(), 0);
      while (int64_t more = Augment(source, sink)) total += more;
    }
    return total;
  }

 private:
  struct Edge {
    uint32_t to;
    int64_t left;
  };

  bool FindLevels(uint32_t source, uint32_t sink) {
    std::fill(level_.begin(), level_.end(), -1);
    std::vector<uint32_t> queue{source};
    level_[source] = 0;
    for (size_t i = 0; i < queue.size(); ++i) {
      for (uint32_t e : edges_of_[queue[i]]) {
        if (edges_[e].left == 0 || level_[edges_[e].to] >= 0) continue;
        level_[edges_[e].to] = level_[queue[i]] + 1;
        queue.push_back(edges_[e].to);
      }
    }
    return level_[sink] >= 0;
  }

  // One path; with a stack of its own, as chains may be as long as a graph.
  int64_t Augment(uint32_t source, uint32_t sink) {
    std::vector<uint32_t> path;
    uint32_t at = source;
    while (at != sink) {
      uint32_t& next = next_[at];
      while (next < edges_of_[at].size()) {
        const Edge& edge = edges_[edges_of_[at][next]];
        if (edge.left > 0 && level_[edge.to] == level_[at] + 1) break;
        ++next;
      }
      if (next < edges_of_[at].size()) {
        path.push_back(edges_of_[at][next]);
        at = edges_[path.back()].to;
      } else if (path.empty()) {
        return 0;
      } else {
        at = edges_[path.back() ^ 1].to;
        path.pop_back();
        ++next_[at];
      }
    }
    int64_t amount = kNoLimit;
    for (uint32_t e : path) amount = std::min(amount, edges_[e].left);
    for (uint32_t e : path) {
      edges_[e].left -= amount;
      edges_[e ^ 1].left += amount;
    }
    return amount;
  }

  std::vector<Edge> edges_;  // each followed by its reverse
  std::vector<std::vector<uint32_t>> edges_of_;
  std::vector<int32_t> level_;
  std::vector<uint32_t> next_;
};

}  // namespace

int64_t HeaviestAntichain(absl::Span<const int64_t> weights,
                          const std::function<bool(uint32_t a, uint32_t b)>& precedes) {
  auto count = static_cast<uint32_t>(weights.size());
  // A unit of an element's weight that continues a chain of another saves a chain. An element ends
  // chains at its node i and continues them at count + i; the way back from there lets a chain pass
  // over it, so that the edges of direct predecessors do.
  uint32_t source = 2 * count, sink = source + 1;
  Flow flow(2 * count + 2);
  size_t words = (count + 63) / 64;
  std::vector<uint64_t> before(words * count);
  for (uint32_t b = 0; b < count; ++b) {
    flow.Connect(source, b, weights[b]);
    flow.Connect(count + b, sink, weights[b]);
    flow.Connect(count + b, b, kNoLimit);
    uint64_t* own = &before[b * words];
    // From the last to the first: whatever lies between two elements comes before the first of
    // them.
    for (uint32_t a = b; a-- > 0;) {
      if ((own[a / 64] >> (a % 64) & 1) != 0 || !precedes(a, b)) continue;
      flow.Connect(a, count + b, kNoLimit);
      own[a / 64] |= uint64_t{1} << (a % 64);
      for (size_t w = 0; w <= a / 64; ++w) own[w] |= before[a * words + w];
    }
  }
  return std::accumulate(weights.begin(), weights.end(), int64_t{0}) - flow.Maximum(source, sink);
}

}  // namespace heddle
