// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/executor/task_dag.h"

namespace heddle {

TaskDag::TaskDag(absl::Span<const absl::Span<const uint32_t>> successors)
    : predecessors_(successors.size()) {
  for (absl::Span<const uint32_t> list : successors) {
    for (uint32_t successor : list) ++predecessors_[successor];
    if (list.empty()) ++sinks_;
  }
  begin_.reserve(successors.size() + 1);
  begin_.push_back(0);
  for (absl::Span<const uint32_t> list : successors) {
    for (size_t i = list.size(); i-- > 0;) {
      edges_.emplace_back(list[i], predecessors_[list[i]] == 1);
    }
    begin_.push_back(static_cast<uint32_t>(edges_.size()));
  }
  for (uint32_t task = 0; task < predecessors_.size(); ++task) {
    if (predecessors_[task] == 0) roots_.push_back(task);
  }
}

TaskCounters::TaskCounters(const TaskDag& dag) : dag_(dag), waiting_(new Counter[dag.size()]) {
  for (uint32_t task = 0; task < dag.size(); ++task) {
    waiting_[task].all = dag.predecessors(task);
    // Relaxed: handing the object to another thread publishes it.
    waiting_[task].left.store(waiting_[task].all, std::memory_order_relaxed);
  }
}

WorkItem TaskCounters::Start(WorkSource& source, Worker& worker) {
  // Relaxed: the pushes below, or running on this thread, publish it.
  sinks_left_.store(dag_.sinks(), std::memory_order_relaxed);
  absl::Span<const uint32_t> roots = dag_.roots();
  for (size_t i = roots.size(); i-- > 1;) worker.Push({&source, roots[i]});
  return {&source, roots[0]};
}

}  // namespace heddle
