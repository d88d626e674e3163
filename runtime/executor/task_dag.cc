// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/executor/task_dag.h"

namespace heddle {

TaskDag::TaskDag(absl::Span<const absl::Span<const uint32_t>> successors)
    : predecessors_(successors.size()), sinks_(Group(size()) + 1) {
  for (uint32_t task = 0; task < size(); ++task) {
    for (uint32_t successor : successors[task]) ++predecessors_[successor];
    if (successors[task].empty()) ++sinks_[Group(task)];
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

void TaskCounters::Counter::Set(int32_t count) {
  all = count;
  // Relaxed: handing the object to another thread publishes it.
  left.store(count, std::memory_order_relaxed);
}

TaskCounters::TaskCounters(const TaskDag& dag)
    : dag_(dag), waiting_(new Counter[dag.size()]), sinks_(new Group[dag.sinks().size()]) {
  for (uint32_t task = 0; task < dag.size(); ++task) waiting_[task].Set(dag.predecessors(task));
  int32_t groups = 0;
  for (size_t i = 0; i < dag.sinks().size(); ++i) {
    sinks_[i].Set(dag.sinks()[i]);
    groups += dag.sinks()[i] > 0;
  }
  groups_.Set(groups);
}

bool TaskCounters::FinishSink(uint32_t task) {
  return sinks_[TaskDag::Group(task)].CountDown() && groups_.CountDown();
}

WorkItem TaskCounters::Start(WorkSource& source, Worker& worker) {
  absl::Span<const uint32_t> roots = dag_.roots();
  for (size_t i = roots.size(); i-- > 1;) worker.Push({&source, roots[i]});
  return {&source, roots[0]};
}

}  // namespace heddle
