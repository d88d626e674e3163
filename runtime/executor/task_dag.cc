// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/executor/task_dag.h"

namespace heddle {

TaskDag::TaskDag(absl::Span<const absl::Span<const uint32_t>> successors)
    : predecessors_(successors.size()) {
  begin_.reserve(successors.size() + 1);
  begin_.push_back(0);
  for (absl::Span<const uint32_t> list : successors) {
    successors_.insert(successors_.end(), list.begin(), list.end());
    begin_.push_back(static_cast<uint32_t>(successors_.size()));
    for (uint32_t successor : list) ++predecessors_[successor];
    if (list.empty()) ++sinks_;
  }
  for (uint32_t task = 0; task < predecessors_.size(); ++task) {
    if (predecessors_[task] == 0) roots_.push_back(task);
  }
}

TaskCounters::TaskCounters(const TaskDag& dag)
    : dag_(dag), waiting_(new std::atomic<int32_t>[dag.size()]) {
  // Relaxed: handing the object to another thread publishes it.
  for (uint32_t task = 0; task < dag.size(); ++task) {
    waiting_[task].store(dag.predecessors(task), std::memory_order_relaxed);
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
