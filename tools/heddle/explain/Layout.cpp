// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/explain/Layout.h"

#include <algorithm>

namespace heddle::cli {

/// Puts a row's tasks as near to where they want to be as their order allows, one column apart.
static void place(std::vector<uint32_t> &row, const std::vector<double> &wanted,
                  std::vector<double> &column) {
  std::sort(row.begin(), row.end(), [&](uint32_t a, uint32_t b) {
    return std::pair(wanted[a], a) < std::pair(wanted[b], b);
  });
  double least = -1e9, shift = 0;
  for (uint32_t task : row) {
    column[task] = std::max(wanted[task], least);
    least = column[task] + 1;
    shift += column[task] - wanted[task];
  }
  // Pushing apart went to the right only; the row's centre goes back to where it should be.
  for (uint32_t task : row)
    column[task] -= shift / static_cast<double>(row.size());
}

Layout layOut(const ExplainedGraph &graph) {
  const std::vector<ExplainedTask> &tasks = graph.tasks;
  std::vector<std::vector<uint32_t>> above(tasks.size());
  for (uint32_t i = 0; i < tasks.size(); ++i)
    for (uint32_t next : tasks[i].successors)
      above[next].push_back(i);

  Layout layout;
  layout.column.resize(tasks.size());
  std::vector<std::vector<uint32_t>> rows(graph.levels.size());
  layout.row.resize(tasks.size());
  for (size_t i = tasks.size(); i-- > 0;) {
    auto row = static_cast<uint32_t>(rows.size());
    for (uint32_t next : tasks[i].successors)
      row = std::min(row, layout.row[next]);
    layout.row[i] = tasks[i].successors.empty() ? tasks[i].level : row - 1;
  }
  for (uint32_t i = 0; i < tasks.size(); ++i)
    rows[layout.row[i]].push_back(i);
  for (const auto &row : rows)
    for (size_t i = 0; i < row.size(); ++i)
      layout.column[row[i]] = static_cast<double>(i) - static_cast<double>(row.size() - 1) / 2;

  std::vector<double> wanted(tasks.size());
  auto sweep = [&](std::vector<uint32_t> &row, auto neighboursOf) {
    for (uint32_t task : row) {
      double sum = 0;
      const std::vector<uint32_t> &neighbours = neighboursOf(task);
      for (uint32_t other : neighbours)
        sum += layout.column[other];
      wanted[task] =
          neighbours.empty() ? layout.column[task] : sum / static_cast<double>(neighbours.size());
    }
    place(row, wanted, layout.column);
  };
  constexpr int sweeps = 6;
  for (int i = 0; i < sweeps; ++i) {
    for (auto &row : rows)
      sweep(row, [&](uint32_t task) -> const std::vector<uint32_t> & { return above[task]; });
    for (size_t level = rows.size(); level-- > 0;)
      sweep(rows[level],
            [&](uint32_t task) -> const std::vector<uint32_t> & { return tasks[task].successors; });
  }
  if (tasks.empty())
    return layout;
  double left = *std::min_element(layout.column.begin(), layout.column.end());
  for (double &column : layout.column)
    column -= left;
  layout.columns = *std::max_element(layout.column.begin(), layout.column.end()) + 1;
  return layout;
}

} // namespace heddle::cli
