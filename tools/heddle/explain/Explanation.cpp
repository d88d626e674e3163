// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/explain/Explanation.h"

#include "tools/heddle/explain/ArenaBound.h"
#include "tools/heddle/explain/Schedule.h"
#include "tools/heddle/explain/Structure.h"

#include <algorithm>
#include <numeric>

namespace heddle::cli {

using program::TaskKind;

namespace {

std::string runsWhat(const DecodedProgram &program, const ProgramTask &task) {
  switch (task.kind) {
  case TaskKind::kKernel:
    return std::string(program.kernels[task.kernel]);
  case TaskKind::kLibrary:
    return std::string(task.function);
  case TaskKind::kBranch:
    return "if";
  case TaskKind::kLoop:
    return "loop";
  case TaskKind::kScan:
    return "scan";
  }
  return "";
}

/// Arithmetic and bytes of a task, where the sizes tell.
void countTraffic(const ProgramGraph &graph, const ShapePlan *plan, size_t index,
                  ExplainedTask &task) {
  const ProgramTask &source = graph.tasks[index];
  if (!plan || source.kind != TaskKind::kKernel || plan->tasks[index].late)
    return;
  if (source.operations != kNoExpression)
    task.operations = plan->exprs[source.operations];
  task.bytes = 0;
  for (Indices values : {source.operands, source.results})
    for (uint32_t value : values) {
      if (plan->bytes[value] < 0) {
        task.bytes = -1;
        return;
      }
      task.bytes += plan->bytes[value];
    }
}

/// The operators of a fused kernel, which its name lists: "matmul_add_3" runs "matmul_add".
std::string operatorsOf(const ProgramTask &task, const std::string &runs) {
  if (!task.op.empty())
    return std::string(task.op);
  size_t end = runs.find_last_not_of("0123456789");
  return end != std::string::npos && end > 0 && runs[end] == '_' ? runs.substr(0, end) : runs;
}

void mapArena(const GraphInfo &info, const ShapePlan &plan, ExplainedGraph &result) {
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
  for (uint32_t value : info.arena.blocks()) {
    if (plan.bytes[value] <= 0 || plan.direct[value])
      continue;
    result.blocks.push_back({std::string(graph.values[value].name), plan.offset[value],
                             plan.bytes[value], first[value], final[value]});
    if (result.blocks.back().name.empty())
      result.blocks.back().name = "value " + std::to_string(value);
  }
  result.arenaBytes = plan.arena_bytes;
  result.arenaLowerBound = arenaLowerBound(info, plan);
}

/// Describes a graph and, depth first, the graphs that its tasks run.
class Explainer {
public:
  Explainer(const Model &model, const std::vector<TraceSpan> &trace, Explanation &result)
      : model(model), trace(trace), result(result), visited(model.program().graphs.size()) {}

  void describe(uint32_t index, const std::string &title, const ShapePlan *plan);

private:
  std::optional<Tensor> shapeOf(const GraphInfo &info, const ShapePlan &plan, uint32_t value);
  std::shared_ptr<const ShapePlan> planInside(const GraphInfo &info, const ShapePlan &plan,
                                              const ProgramTask &task, uint32_t graph);
  void describeInside(const GraphInfo &info, const ShapePlan *plan, size_t place, uint32_t task);
  void addMeasurements(ExplainedGraph &graph);

  const Model &model;
  const std::vector<TraceSpan> &trace;
  Explanation &result;
  std::vector<bool> visited;
};

/// A tensor of the value's shape, without elements; nothing where only the run can tell.
std::optional<Tensor> Explainer::shapeOf(const GraphInfo &info, const ShapePlan &plan,
                                         uint32_t value) {
  static char nothing[64];
  std::vector<int64_t> dims;
  for (int64_t dim : plan.DimsOf(info, value)) {
    if (dim < 0)
      return std::nullopt;
    dims.push_back(dim);
  }
  return Tensor::Share(info.graph.values[value].element_type, dims, nothing, 0, nullptr);
}

/// The plan of a sub-graph in its first iteration. Null where the sizes are not known ahead.
std::shared_ptr<const ShapePlan> Explainer::planInside(const GraphInfo &info, const ShapePlan &plan,
                                                       const ProgramTask &task, uint32_t graph) {
  static char nothing[64];
  std::vector<Tensor> inputs;
  size_t skipped = task.kind == TaskKind::kBranch ? 1 : task.kind == TaskKind::kLoop ? 2 : 0;
  if (task.kind == TaskKind::kLoop) { // the iteration's number and the condition
    inputs.push_back(Tensor::Share(ElementType::kInt64, {}, nothing, 0, nullptr));
    inputs.push_back(Tensor::Share(ElementType::kBool, {}, nothing, 0, nullptr));
  }
  size_t scanned = task.kind == TaskKind::kScan ? task.Int("num_scan_inputs", 0) : 0;
  size_t firstScanned = task.operands.size() - task.captures - scanned;
  for (size_t i = skipped; i < task.operands.size(); ++i) {
    std::optional<Tensor> shape = shapeOf(info, plan, task.operands[i]);
    if (!shape)
      return nullptr;
    if (i >= firstScanned && i < firstScanned + scanned) {
      std::vector<int64_t> dims(shape->dims().begin(), shape->dims().end());
      absl::Span<const int64_t> axes = task.Ints("scan_input_axes");
      int64_t axis = axes.empty() ? 0 : axes[i - firstScanned];
      dims.erase(dims.begin() + (axis < 0 ? axis + static_cast<int64_t>(dims.size()) : axis));
      shape = Tensor::Share(shape->element_type(), dims, nothing, 0, nullptr);
    }
    inputs.push_back(*std::move(shape));
  }
  auto made = MakeShapePlan(*model.executable().graphs[graph], inputs);
  return made.ok() ? *made : nullptr;
}

void Explainer::describeInside(const GraphInfo &info, const ShapePlan *plan, size_t place,
                               uint32_t index) {
  const ProgramTask &task = info.graph.tasks[index];
  double estimated = 0, measured = -1;
  for (size_t i = 0; i < task.graphs.size(); ++i) {
    if (visited[task.graphs[i]])
      continue;
    std::string title = task.name.empty() ? "#" + std::to_string(index) : std::string(task.name);
    title += task.kind != TaskKind::kBranch ? ", an iteration" : i == 0 ? ", then" : ", else";
    auto inside = plan ? planInside(info, *plan, task, task.graphs[i]) : nullptr;
    size_t at = result.graphs.size();
    result.graphs[place].tasks[index].inside.push_back(at);
    describe(task.graphs[i], title, inside.get());
    const ExplainedGraph &graph = result.graphs[at];
    estimated = std::max(estimated, graph.measured ? 0 : graph.criticalUs);
    if (graph.measured)
      measured = std::max(measured, 0.0) + graph.totalUs;
  }
  ExplainedTask &explained = result.graphs[place].tasks[index];
  explained.estimatedUs = std::max(explained.estimatedUs, estimated);
  // The executor records such a task itself only where its graph runs as a list.
  if (explained.measuredUs < 0)
    explained.measuredUs = measured;
}

void Explainer::addMeasurements(ExplainedGraph &graph) {
  for (const TraceSpan &span : trace) {
    if (span.graph != graph.index || span.task >= graph.tasks.size())
      continue;
    double &sum = graph.tasks[span.task].measuredUs;
    sum = std::max(sum, 0.0) + span.endUs - span.beginUs;
    graph.workers = std::max(graph.workers, span.worker + 1);
    graph.spans.push_back(span);
    graph.measured = true;
  }
  // A timeline begins with its own graph.
  double begin = graph.measured ? graph.spans[0].beginUs : 0;
  for (const TraceSpan &span : graph.spans)
    begin = std::min(begin, span.beginUs);
  for (TraceSpan &span : graph.spans) {
    span.beginUs -= begin;
    span.endUs -= begin;
  }
}

void Explainer::describe(uint32_t index, const std::string &title, const ShapePlan *plan) {
  visited[index] = true;
  const GraphInfo &info = *model.executable().graphs[index];
  size_t place = result.graphs.size();
  ExplainedGraph &graph = result.graphs.emplace_back();
  graph.title = title;
  graph.index = index;
  graph.sequential = plan && plan->sequential;
  graph.sized = plan != nullptr;
  for (size_t i = 0; i < info.graph.tasks.size(); ++i) {
    const ProgramTask &task = info.graph.tasks[i];
    ExplainedTask explained;
    explained.name = std::string(task.name);
    explained.runs = runsWhat(model.program(), task);
    explained.op = operatorsOf(task, explained.runs);
    if (task.kind == TaskKind::kKernel)
      explained.points = !plan || plan->tasks[i].late ? -1 : plan->tasks[i].grid;
    countTraffic(info.graph, plan, i, explained);
    bool isSized = plan && task.kind == TaskKind::kKernel && !plan->tasks[i].late;
    explained.estimatedUs = (isSized ? plan->tasks[i].cost : task.cost_per_point) / 1e3;
    explained.successors.assign(task.successors.begin(), task.successors.end());
    graph.tasks.push_back(std::move(explained));
  }
  addMeasurements(graph);
  for (uint32_t i = 0; i < info.graph.tasks.size(); ++i)
    if (!info.graph.tasks[i].graphs.empty())
      describeInside(info, plan, place, i);
  ExplainedGraph &described = result.graphs[place]; // others were added
  findStructure(info, described);
  findReasons(info, described);
  if (plan)
    mapArena(info, *plan, described);
  if (!described.measured)
    scheduleOnWorkers(described, static_cast<int>(model.program().cores));
}

} // namespace

size_t ExplainedGraph::widest() const {
  size_t most = 0;
  for (const auto &level : levels)
    most = std::max(most, level.size());
  return most;
}

std::vector<uint32_t> ExplainedGraph::byCost() const {
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
  result.targetCpu = model.target().cpu;
  for (const ArtifactTarget &target : model.file().targets())
    result.targetCpus.push_back(target.cpu);
  Explainer(model, trace, result).describe(0, "main", plan->get());
  explainConstructs(model.program(), **plan, result);
  for (size_t i = 0; i < model.inputs().size(); ++i)
    for (size_t axis = 0; axis < model.inputs()[i].dims.size(); ++axis)
      if (model.inputs()[i].dims[axis].size < 0)
        result.sizes[model.inputs()[i].dims[axis].symbol] = inputs[i].dims()[axis];
  return result;
}

} // namespace heddle::cli
