// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/explain/Schedule.h"

#include <algorithm>
#include <queue>

namespace heddle::cli {

void scheduleOnWorkers(ExplainedGraph &graph, int workers) {
  const std::vector<ExplainedTask> &tasks = graph.tasks;
  graph.workers = std::max(1, graph.sequential ? 1 : workers);
  std::vector<double> toEnd(tasks.size());
  std::vector<uint32_t> waiting(tasks.size());
  for (size_t i = tasks.size(); i-- > 0;) {
    for (uint32_t next : tasks[i].successors) {
      toEnd[i] = std::max(toEnd[i], toEnd[next]);
      ++waiting[next];
    }
    toEnd[i] += tasks[i].us();
  }
  auto later = [&](uint32_t a, uint32_t b) {
    return toEnd[a] != toEnd[b] ? toEnd[a] < toEnd[b] : a > b;
  };
  std::priority_queue<uint32_t, std::vector<uint32_t>, decltype(later)> ready(later);
  for (uint32_t i = 0; i < tasks.size(); ++i)
    if (waiting[i] == 0)
      ready.push(i);
  // Running tasks by their end, and workers that have none.
  using Ending = std::pair<double, std::pair<uint32_t, int>>;
  std::priority_queue<Ending, std::vector<Ending>, std::greater<>> running;
  std::vector<int> idle;
  for (int worker = graph.workers; worker-- > 0;)
    idle.push_back(worker);
  double now = 0;
  while (!ready.empty() || !running.empty()) {
    while (!ready.empty() && !idle.empty()) {
      uint32_t task = ready.top();
      ready.pop();
      int worker = idle.back();
      idle.pop_back();
      double end = now + tasks[task].us();
      graph.spans.push_back({graph.index, task, worker, now, end});
      running.push({end, {task, worker}});
    }
    auto [end, which] = running.top();
    running.pop();
    now = end;
    idle.push_back(which.second);
    for (uint32_t next : tasks[which.first].successors)
      if (--waiting[next] == 0)
        ready.push(next);
  }
}

} // namespace heddle::cli
