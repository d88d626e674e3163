// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/executor/kernel_calls.h"

#include <algorithm>

namespace heddle {
namespace {

using program::Storage;

// Whether the value is in memory that is there before the run and stays where it is.
bool IsPlaced(const GraphInfo& info, const ShapePlan& plan, uint32_t value) {
  uint32_t root = info.root[value];
  Storage storage = info.graph.values[root].storage;
  return (storage == Storage::kInput || storage == Storage::kConstant ||
          storage == Storage::kArena) &&
         !info.late[value] && plan.bytes[root] >= 0;
}

}  // namespace

void KernelCalls::Describe(const GraphInfo& info, const ShapePlan& plan,
                           absl::Span<const HeddleKernel> kernels) {
  const ProgramGraph& graph = info.graph;
  calls_.assign(graph.tasks.size(), {});
  std::vector<uint32_t> values;              // in the order of the calls' buffers
  std::vector<size_t> begin(calls_.size());  // of a call's
  for (size_t t = 0; t < calls_.size(); ++t) {
    const ProgramTask& task = graph.tasks[t];
    const ShapePlan::Task& planned = plan.tasks[t];
    auto placed = [&](uint32_t v) { return IsPlaced(info, plan, v); };
    begin[t] = values.size();
    if (task.kind != program::TaskKind::kKernel || planned.late ||
        !std::all_of(task.operands.begin(), task.operands.end(), placed) ||
        !std::all_of(task.results.begin(), task.results.end(), placed)) {
      continue;
    }
    calls_[t] = {.kernel = kernels[task.kernel],
                 .dims = plan.task_dims.data() + planned.dims_begin,
                 .grid = planned.grid,
                 .scratch = planned.scratch,
                 .cost = planned.cost};
    values.insert(values.end(), task.operands.begin(), task.operands.end());
    values.insert(values.end(), task.results.begin(), task.results.end());
  }
  buffers_.assign(values.size(), nullptr);
  for (size_t t = 0; t < calls_.size(); ++t) calls_[t].buffers = buffers_.data() + begin[t];

  // Sorted by root: count, add up, fill.
  uses_begin_.assign(graph.values.size() + 1, 0);
  for (uint32_t v : values) ++uses_begin_[info.root[v] + 1];
  for (size_t v = 0; v < graph.values.size(); ++v) uses_begin_[v + 1] += uses_begin_[v];
  std::vector<uint32_t> next = uses_begin_;
  uses_.resize(values.size());
  for (uint32_t i = 0; i < values.size(); ++i) {
    uint32_t v = values[i];
    bool is_view = graph.values[v].storage == Storage::kView;
    uses_[next[info.root[v]]++] = {i, is_view ? plan.offset[v] : 0};
  }
}

}  // namespace heddle
