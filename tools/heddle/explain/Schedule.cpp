// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/explain/Schedule.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <queue>

namespace heddle::cli {

void scheduleOnWorkers(Explanation &explanation, int workers) {
  const std::vector<ExplainedTask> &tasks = explanation.tasks;
  explanation.workers = std::max(1, explanation.sequential ? 1 : workers);
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
  for (int worker = explanation.workers; worker-- > 0;)
    idle.push_back(worker);
  double now = 0;
  while (!ready.empty() || !running.empty()) {
    while (!ready.empty() && !idle.empty()) {
      uint32_t task = ready.top();
      ready.pop();
      int worker = idle.back();
      idle.pop_back();
      double end = now + tasks[task].us();
      explanation.spans.push_back({task, worker, now, end});
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

absl::StatusOr<std::vector<TraceSpan>> readTrace(const std::string &path) {
  std::ifstream file(path);
  if (!file)
    return absl::NotFoundError(path + ": cannot read the trace");
  nlohmann::json trace = nlohmann::json::parse(file, nullptr, false);
  auto bad = [&] {
    return absl::InvalidArgumentError(path + ": not a trace of heddle run --trace");
  };
  if (!trace.is_object() || !trace.contains("traceEvents") || !trace["traceEvents"].is_array())
    return bad();
  std::vector<TraceSpan> spans;
  for (const auto &event : trace["traceEvents"]) {
    if (!event.is_object() || event.value("ph", nlohmann::json()) != "X")
      continue;
    const auto arguments = event.value("args", nlohmann::json::object());
    auto number = [](const nlohmann::json &object, const char *key) {
      return object.contains(key) && object[key].is_number() ? object[key].get<double>() : -1.0;
    };
    if (!arguments.is_object() || number(arguments, "task") < 0 || number(event, "ts") < 0 ||
        number(event, "dur") < 0 || number(event, "tid") < 0 || number(event, "tid") > 4096 ||
        number(arguments, "task") > UINT32_MAX)
      return bad();
    if (number(arguments, "graph") == 0)
      spans.push_back({static_cast<uint32_t>(number(arguments, "task")),
                       static_cast<int>(number(event, "tid")), number(event, "ts"),
                       number(event, "ts") + number(event, "dur")});
  }
  if (spans.empty())
    return bad();
  // The first task starts at 0.
  double begin = spans[0].beginUs;
  for (const TraceSpan &span : spans)
    begin = std::min(begin, span.beginUs);
  for (TraceSpan &span : spans) {
    span.beginUs -= begin;
    span.endUs -= begin;
  }
  return spans;
}

} // namespace heddle::cli
