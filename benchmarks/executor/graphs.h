// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Graphs to schedule, as the successors of each node.

#ifndef HEDDLE_BENCHMARKS_EXECUTOR_GRAPHS_H_
#define HEDDLE_BENCHMARKS_EXECUTOR_GRAPHS_H_

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

namespace heddle {

using Edges = std::vector<std::vector<uint32_t>>;

inline Edges Chain(uint32_t nodes) {
  Edges edges(nodes);
  for (uint32_t i = 0; i + 1 < nodes; ++i)
    edges[i] = {i + 1};
  return edges;
}

inline Edges BinaryTree(uint32_t nodes) {
  Edges edges(nodes);
  for (uint32_t i = 1; i < nodes; ++i)
    edges[(i - 1) / 2].push_back(i);
  return edges;
}

inline Edges Wavefront(uint32_t nodes) {
  uint32_t side = 1;
  while ((side + 1) * (side + 1) <= nodes)
    ++side;
  Edges edges(side * side);
  for (uint32_t r = 0; r < side; ++r) {
    for (uint32_t c = 0; c < side; ++c) {
      if (c + 1 < side)
        edges[r * side + c].push_back(r * side + c + 1);
      if (r + 1 < side)
        edges[r * side + c].push_back((r + 1) * side + c);
    }
  }
  return edges;
}

inline Edges RandomDag(uint32_t nodes) {
  std::mt19937 random(1);
  Edges edges(nodes);
  for (uint32_t i = 1; i < nodes; ++i) {
    for (int k = 0; k < 3; ++k) {
      uint32_t from = i - 1 - random() % std::min(i, 100u);
      if (std::find(edges[from].begin(), edges[from].end(), i) == edges[from].end()) {
        edges[from].push_back(i);
      }
    }
  }
  return edges;
}

// How many nodes each node waits for.
inline std::vector<int> Predecessors(const Edges &edges) {
  std::vector<int> counts(edges.size());
  for (const auto &list : edges) {
    for (uint32_t successor : list)
      ++counts[successor];
  }
  return counts;
}

} // namespace heddle

#endif // HEDDLE_BENCHMARKS_EXECUTOR_GRAPHS_H_
