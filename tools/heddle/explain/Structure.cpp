// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/explain/Structure.h"

#include "runtime/executor/chunks.h"

#include <algorithm>
#include <limits>

namespace heddle::cli {

using Edges = std::vector<std::vector<uint32_t>>;

/// Tasks come in a legal order, so one pass forwards and one backwards settle it.
static void findLevelsAndCriticalPath(ExplainedGraph &graph) {
  std::vector<ExplainedTask> &tasks = graph.tasks;
  std::vector<double> toEnd(tasks.size());
  for (size_t i = tasks.size(); i-- > 0;) {
    double after = 0;
    for (uint32_t next : tasks[i].successors)
      after = std::max(after, toEnd[next]);
    toEnd[i] = after + tasks[i].us();
    graph.totalUs += tasks[i].us();
  }
  for (size_t i = 0; i < tasks.size(); ++i)
    for (uint32_t next : tasks[i].successors)
      tasks[next].level = std::max(tasks[next].level, tasks[i].level + 1);
  for (size_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i].level >= graph.levels.size())
      graph.levels.resize(tasks[i].level + 1);
    graph.levels[tasks[i].level].push_back(static_cast<uint32_t>(i));
  }
  if (tasks.empty())
    return;
  auto at = static_cast<uint32_t>(std::max_element(toEnd.begin(), toEnd.end()) - toEnd.begin());
  graph.criticalUs = toEnd[at];
  while (true) {
    tasks[at].critical = true;
    graph.criticalPath.push_back(at);
    const std::vector<uint32_t> &next = tasks[at].successors;
    if (next.empty())
      return;
    at = *std::max_element(next.begin(), next.end(),
                           [&](uint32_t a, uint32_t b) { return toEnd[a] < toEnd[b]; });
  }
}

/// Counts, for each task, those that no path of the edges connects with it; nothing for graphs that
/// are too large for it.
static std::vector<uint32_t> countBeside(const Edges &edges) {
  size_t count = edges.size(), words = (count + 63) / 64;
  constexpr size_t mostTasks = 20000; // 50 MB of bits
  if (count > mostTasks)
    return std::vector<uint32_t>(count);
  std::vector<uint64_t> after(count * words);
  std::vector<uint32_t> beside(count, static_cast<uint32_t>(count - 1));
  for (size_t i = count; i-- > 0;) {
    uint64_t *row = &after[i * words];
    for (uint32_t next : edges[i]) {
      row[next / 64] |= uint64_t(1) << (next % 64);
      for (size_t w = 0; w < words; ++w)
        row[w] |= after[next * words + w];
    }
    for (size_t w = 0; w < words; ++w)
      for (uint64_t bits = row[w]; bits; bits &= bits - 1) {
        --beside[w * 64 + __builtin_ctzll(bits)];
        --beside[i];
      }
  }
  return beside;
}

/// From each task to those that read what it writes.
static Edges dataEdges(const GraphInfo &info) {
  constexpr uint32_t nobody = std::numeric_limits<uint32_t>::max();
  std::vector<uint32_t> writer(info.graph.values.size(), nobody);
  Edges edges(info.graph.tasks.size());
  for (uint32_t t = 0; t < edges.size(); ++t) {
    for (uint32_t value : info.graph.tasks[t].operands)
      if (uint32_t from = writer[info.root[value]]; from != nobody)
        edges[from].push_back(t);
    for (uint32_t value : info.graph.tasks[t].results)
      writer[info.root[value]] = t;
  }
  return edges;
}

void findStructure(const GraphInfo &info, ExplainedGraph &graph) {
  findLevelsAndCriticalPath(graph);
  Edges edges;
  for (const ExplainedTask &task : graph.tasks)
    edges.push_back(task.successors);
  std::vector<uint32_t> beside = countBeside(edges), besideData = countBeside(dataEdges(info));
  for (size_t i = 0; i < graph.tasks.size(); ++i) {
    graph.tasks[i].beside = beside[i];
    graph.tasks[i].besideData = std::max(beside[i], besideData[i]);
  }
}

static std::string splitOf(const ProgramTask &task, const ExplainedTask &explained,
                           const ExplainedGraph &graph) {
  switch (task.kind) {
  case program::TaskKind::kKernel:
    break;
  case program::TaskKind::kLibrary:
    return "not split: a function of the runtime library runs on one worker";
  case program::TaskKind::kBranch:
    return "as its branch is";
  case program::TaskKind::kScan:
    if (int64_t grain = task.Int("heddle.grain", 0); grain > 0 && !graph.sequential)
      return "its iterations side by side, " + std::to_string(grain) + " in a row";
    if (task.operands.size() - task.captures == static_cast<size_t>(task.Int("num_scan_inputs", 0)))
      return "within an iteration only: too little work to hand over, or made for one core";
    [[fallthrough]];
  case program::TaskKind::kLoop:
    return "within an iteration only: each needs the state that the one before it leaves";
  }
  if (graph.sequential)
    return "not split: its graph is too small to spread";
  if (explained.points < 0)
    return "as the sizes of the run allow";
  if (explained.points == 1)
    return "not split: its grid has one point";
  int64_t chunks = GridCut(explained.estimatedUs * 1e3, explained.points, task.grain,
                           std::numeric_limits<int16_t>::max())
                       .count();
  if (chunks == 1)
    return "not split: too little work to hand over";
  return "into up to " + std::to_string(chunks) + " parts";
}

static std::string aloneOf(const ExplainedTask &task, const ExplainedGraph &graph) {
  if (graph.tasks.size() < 2)
    return "";
  if (graph.sequential && task.besideData > 0)
    return "the graph is too small to pay for spreading it";
  if (task.besideData > task.beside)
    return "independent of " + std::to_string(task.besideData) + " tasks, beside " +
           std::to_string(task.beside) + ": running the rest apart would not pay for itself";
  if (task.beside == 0)
    return "every other task makes what it needs, or needs what it makes";
  return "";
}

void findReasons(const GraphInfo &info, ExplainedGraph &graph) {
  for (size_t i = 0; i < graph.tasks.size(); ++i) {
    graph.tasks[i].split = splitOf(info.graph.tasks[i], graph.tasks[i], graph);
    graph.tasks[i].alone = aloneOf(graph.tasks[i], graph);
  }
}

} // namespace heddle::cli
