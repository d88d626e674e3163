// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The edges of a task graph, and the counters that find out when a task is ready.
//
// A task with one predecessor needs no counter: whoever finishes that predecessor runs it. Each
// other task has a 32-bit counter that the finishing predecessors count down; the one that reaches
// zero sets it back for the next run, so that a run starts without touching them. Finished is a
// graph whose sinks (tasks without successors) have all finished.
//
// Thread-safety: TaskDag is immutable; TaskCounters serves the workers of one run.

#ifndef HEDDLE_RUNTIME_EXECUTOR_TASK_DAG_H_
#define HEDDLE_RUNTIME_EXECUTOR_TASK_DAG_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "runtime/executor/scheduler.h"

namespace heddle {

class TaskDag {
 public:
  // By task: those that wait for it, in order of priority. Successors have higher numbers.
  explicit TaskDag(absl::Span<const absl::Span<const uint32_t>> successors);

  uint32_t size() const { return static_cast<uint32_t>(predecessors_.size()); }
  absl::Span<const uint32_t> successors(uint32_t task) const {
    return absl::MakeConstSpan(successors_).subspan(begin_[task], begin_[task + 1] - begin_[task]);
  }
  int32_t predecessors(uint32_t task) const { return predecessors_[task]; }
  absl::Span<const uint32_t> roots() const { return roots_; }
  int32_t sinks() const { return sinks_; }

 private:
  std::vector<uint32_t> begin_;
  std::vector<uint32_t> successors_;
  std::vector<int32_t> predecessors_;
  std::vector<uint32_t> roots_;
  int32_t sinks_ = 0;
};

class TaskCounters {
 public:
  explicit TaskCounters(const TaskDag& dag);

  // Begins a run of a graph that has tasks: the result runs first, the other roots are pushed.
  WorkItem Start(WorkSource& source, Worker& worker);

  struct Step {
    WorkItem next;          // the first ready successor, if any
    bool finished = false;  // this was the last of the graph
  };
  // The task is done. Unless `finished`, the graph may be gone when this returns.
  Step Finish(uint32_t task, WorkSource& source, Worker& worker);

 private:
  const TaskDag& dag_;
  std::unique_ptr<std::atomic<int32_t>[]> waiting_;
  std::atomic<int32_t> sinks_left_{0};
};

inline TaskCounters::Step TaskCounters::Finish(uint32_t task, WorkSource& source, Worker& worker) {
  absl::Span<const uint32_t> successors = dag_.successors(task);
  if (successors.empty()) {
    // Acquire-release: the last sink sees the work of all others, and hands it on.
    return {{}, sinks_left_.fetch_sub(1, std::memory_order_acq_rel) == 1};
  }
  // From the least urgent: what is pushed last is popped first, and the first in the list runs
  // here.
  WorkItem next;
  for (size_t i = successors.size(); i-- > 0;) {
    uint32_t successor = successors[i];
    int32_t predecessors = dag_.predecessors(successor);
    if (predecessors != 1) {
      // Acquire-release: each predecessor publishes its results with its decrement, and the last
      // one sees those of all. Setting it back is relaxed: it is next used in a later run, and the
      // chain of decrements up to the end of this run orders that.
      if (waiting_[successor].fetch_sub(1, std::memory_order_acq_rel) != 1) continue;
      waiting_[successor].store(predecessors, std::memory_order_relaxed);
    }
    if (next) worker.Push(next);
    next = {&source, successor};
  }
  return {next, false};
}

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_TASK_DAG_H_
