// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/explain/ArenaBound.h"

#include "runtime/memory/antichain.h"

#include <algorithm>

namespace heddle::cli {

namespace {

/// A set of tasks.
using TaskSet = std::vector<uint64_t>;

bool contains(const TaskSet &set, uint32_t task) { return set[task / 64] >> (task % 64) & 1; }

/// A value in the arena, seen from the tasks that touch it, directly or through views.
struct Life {
  int64_t bytes;
  std::vector<uint32_t> touching; ///< tasks, ascending
  TaskSet beforeBirth;            ///< tasks that are before all that write it
  bool isBorn = false;
  uint32_t birth = 0; ///< its first writer
  bool isOutput = false;
};

/// Tasks are listed in a legal order, so one pass is enough.
std::vector<TaskSet> findAncestors(const ProgramGraph &graph) {
  size_t words = (graph.tasks.size() + 63) / 64;
  std::vector<TaskSet> ancestors(graph.tasks.size(), TaskSet(words));
  for (uint32_t task = 0; task < graph.tasks.size(); ++task)
    for (uint32_t next : graph.tasks[task].successors) {
      for (size_t word = 0; word < words; ++word)
        ancestors[next][word] |= ancestors[task][word];
      ancestors[next][task / 64] |= uint64_t(1) << (task % 64);
    }
  return ancestors;
}

std::vector<Life> findLives(const GraphInfo &info, const ShapePlan &plan) {
  const ProgramGraph &graph = info.graph;
  std::vector<Life> lives(graph.values.size());
  for (size_t v = 0; v < lives.size(); ++v)
    lives[v].bytes = (plan.bytes[v] + 63) / 64 * 64;
  std::vector<TaskSet> ancestors = findAncestors(graph);
  for (uint32_t task = 0; task < graph.tasks.size(); ++task) {
    for (uint32_t value : graph.tasks[task].operands)
      lives[info.root[value]].touching.push_back(task);
    for (uint32_t value : graph.tasks[task].results) {
      Life &life = lives[info.root[value]];
      life.touching.push_back(task);
      if (!life.isBorn) {
        life.isBorn = true;
        life.birth = task;
        life.beforeBirth = ancestors[task];
      }
      for (size_t word = 0; word < life.beforeBirth.size(); ++word)
        life.beforeBirth[word] &= ancestors[task][word];
    }
  }
  for (uint32_t output : graph.outputs)
    lives[info.root[output]].isOutput = true;
  std::vector<Life> inArena;
  for (uint32_t value : info.arena_values)
    if (plan.bytes[value] > 0 && !plan.direct[value] && lives[value].isBorn)
      inArena.push_back(std::move(lives[value]));
  std::sort(inArena.begin(), inArena.end(),
            [](const Life &a, const Life &b) { return a.birth < b.birth; });
  return inArena;
}

} // namespace

int64_t arenaLowerBound(const GraphInfo &info, const ShapePlan &plan) {
  constexpr size_t mostTasks = 20000, mostValues = 20000; // 50 MB of bits each
  if (info.graph.tasks.size() > mostTasks || info.arena_values.size() > mostValues)
    return -1;
  std::vector<Life> lives = findLives(info, plan);
  std::vector<int64_t> bytes;
  for (const Life &life : lives)
    bytes.push_back(life.bytes);
  return HeaviestAntichain(bytes, [&](uint32_t a, uint32_t b) {
    return !lives[a].isOutput &&
           std::all_of(lives[a].touching.begin(), lives[a].touching.end(),
                       [&](uint32_t task) { return contains(lives[b].beforeBirth, task); });
  });
}

} // namespace heddle::cli
