// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/explain/Explanation.h"

#include "tools/heddle/explain/Schedule.h"

#include <algorithm>
#include <numeric>

namespace heddle::cli {

namespace {

std::string runsWhat(const DecodedProgram &program, const ProgramTask &task) {
  switch (task.kind) {
  case program::TaskKind::kKernel:
    return std::string(program.kernels[task.kernel]);
  case program::TaskKind::kLibrary:
    return std::string(task.function);
  case program::TaskKind::kBranch:
    return "if";
  case program::TaskKind::kLoop:
    return "loop";
  case program::TaskKind::kScan:
    return "scan";
  }
  return "";
}

/// The operators of a fused kernel, which its name lists: "matmul_add_3" runs "matmul_add".
std::string operatorsOf(const ProgramTask &task, const std::string &runs) {
  if (!task.op.empty())
    return std::string(task.op);
  size_t end = runs.find_last_not_of("0123456789");
  return end != std::string::npos && end > 0 && runs[end] == '_' ? runs.substr(0, end) : runs;
}

void describeTasks(const Model &model, const ShapePlan &plan, Explanation &result) {
  const ProgramGraph &graph = model.program().graphs[0];
  for (size_t i = 0; i < graph.tasks.size(); ++i) {
    const ProgramTask &task = graph.tasks[i];
    ExplainedTask explained;
    explained.name = std::string(task.name);
    explained.runs = runsWhat(model.program(), task);
    explained.op = operatorsOf(task, explained.runs);
    if (task.kind == program::TaskKind::kKernel)
      explained.points = plan.tasks[i].late ? -1 : plan.tasks[i].grid;
    explained.estimatedUs =
        task.cost_per_point * static_cast<double>(std::max<int64_t>(explained.points, 1)) / 1e3;
    explained.successors.assign(task.successors.begin(), task.successors.end());
    result.tasks.push_back(std::move(explained));
  }
}

void addMeasurements(const std::vector<TraceSpan> &trace, Explanation &result) {
  result.measured = !trace.empty();
  for (const TraceSpan &span : trace) {
    if (span.task >= result.tasks.size())
      continue;
    double &sum = result.tasks[span.task].measuredUs;
    sum = std::max(sum, 0.0) + span.endUs - span.beginUs;
    result.workers = std::max(result.workers, span.worker + 1);
    result.spans.push_back(span);
  }
}

/// Tasks come in a legal order, so one pass forwards and one backwards settle it.
void findLevelsAndCriticalPath(Explanation &result) {
  std::vector<ExplainedTask> &tasks = result.tasks;
  std::vector<double> toEnd(tasks.size());
  for (size_t i = tasks.size(); i-- > 0;) {
    double after = 0;
    for (uint32_t next : tasks[i].successors)
      after = std::max(after, toEnd[next]);
    toEnd[i] = after + tasks[i].us();
    result.totalUs += tasks[i].us();
  }
  for (size_t i = 0; i < tasks.size(); ++i)
    for (uint32_t next : tasks[i].successors)
      tasks[next].level = std::max(tasks[next].level, tasks[i].level + 1);
  for (size_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i].level >= result.levels.size())
      result.levels.resize(tasks[i].level + 1);
    result.levels[tasks[i].level].push_back(static_cast<uint32_t>(i));
  }
  if (tasks.empty())
    return;
  auto at = static_cast<uint32_t>(std::max_element(toEnd.begin(), toEnd.end()) - toEnd.begin());
  result.criticalUs = toEnd[at];
  while (true) {
    tasks[at].critical = true;
    result.criticalPath.push_back(at);
    const std::vector<uint32_t> &next = tasks[at].successors;
    if (next.empty())
      return;
    at = *std::max_element(next.begin(), next.end(),
                           [&](uint32_t a, uint32_t b) { return toEnd[a] < toEnd[b]; });
  }
}

/// Counts, for each task, those that no path connects with it.
void countBeside(std::vector<ExplainedTask> &tasks) {
  size_t count = tasks.size(), words = (count + 63) / 64;
  constexpr size_t mostTasks = 20000; // 50 MB of bits
  if (count > mostTasks)
    return;
  std::vector<uint64_t> after(count * words);
  std::vector<uint32_t> before(count);
  for (size_t i = count; i-- > 0;) {
    uint64_t *row = &after[i * words];
    for (uint32_t next : tasks[i].successors) {
      row[next / 64] |= uint64_t(1) << (next % 64);
      for (size_t w = 0; w < words; ++w)
        row[w] |= after[next * words + w];
    }
  }
  for (size_t i = 0; i < count; ++i) {
    uint32_t reached = 0;
    for (size_t w = 0; w < words; ++w)
      for (uint64_t bits = after[i * words + w]; bits; bits &= bits - 1) {
        ++before[w * 64 + __builtin_ctzll(bits)];
        ++reached;
      }
    tasks[i].beside = static_cast<uint32_t>(count - 1 - reached);
  }
  for (size_t i = 0; i < count; ++i)
    tasks[i].beside -= before[i];
}

void mapArena(const Model &model, const ShapePlan &plan, Explanation &result) {
  const GraphInfo &info = *model.executable().graphs[0];
  const ProgramGraph &graph = info.graph;
  auto last = static_cast<uint32_t>(graph.tasks.empty() ? 0 : graph.tasks.size() - 1);
  std::vector<uint32_t> first(graph.values.size(), last), final(graph.values.size(), 0);
  for (uint32_t t = 0; t < graph.tasks.size(); ++t)
    for (Indices values : {graph.tasks[t].operands, graph.tasks[t].results})
      for (uint32_t value : values) {
        uint32_t root = info.root[value];
        first[root] = std::min(first[root], t);
        final[root] = std::max(final[root], t);
      }
  for (uint32_t output : graph.outputs)
    final[info.root[output]] = last;
  for (uint32_t value : info.arena_values) {
    if (plan.bytes[value] <= 0 || plan.direct[value])
      continue;
    result.blocks.push_back({std::string(graph.values[value].name), plan.offset[value],
                             plan.bytes[value], first[value], final[value]});
    if (result.blocks.back().name.empty())
      result.blocks.back().name = "value " + std::to_string(value);
  }
  result.arenaBytes = plan.arena_bytes;
}

} // namespace

size_t Explanation::widest() const {
  size_t most = 0;
  for (const auto &level : levels)
    most = std::max(most, level.size());
  return most;
}

std::vector<uint32_t> Explanation::byCost() const {
  std::vector<uint32_t> order(tasks.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return std::pair(-tasks[a].us(), a) < std::pair(-tasks[b].us(), b);
  });
  return order;
}

absl::StatusOr<Explanation> explain(const Model &model, absl::Span<const Tensor> inputs,
                                    const std::vector<TraceSpan> &trace) {
  auto plan = MakeShapePlan(*model.executable().graphs[0], inputs);
  if (!plan.ok())
    return plan.status();
  Explanation result;
  result.sequential = model.program().graphs[0].sequential;
  describeTasks(model, **plan, result);
  addMeasurements(trace, result);
  findLevelsAndCriticalPath(result);
  countBeside(result.tasks);
  mapArena(model, **plan, result);
  if (!result.measured)
    scheduleOnWorkers(result, static_cast<int>(model.program().cores));
  for (size_t i = 0; i < model.inputs().size(); ++i)
    for (size_t axis = 0; axis < model.inputs()[i].dims.size(); ++axis)
      if (model.inputs()[i].dims[axis].size < 0)
        result.sizes[model.inputs()[i].dims[axis].symbol] = inputs[i].dims()[axis];
  return result;
}

} // namespace heddle::cli
