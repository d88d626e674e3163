// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The edges of a task graph, and the counters that find out when a task is ready.
//
// A task with one predecessor needs no counter: whoever finishes that predecessor runs it, and the
// edge says so. Each other task has a 32-bit counter that the finishing predecessors count down;
// the last one sets it back for the next run, so that a run starts without touching them. Who finds
// that it is the last one need not count, so that of n predecessors n - 1 pay for an atomic
// read-modify-write. Finished is a graph whose sinks (tasks without successors) have all finished:
// those of a group count for themselves, and groups when all of theirs have.
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

  // A task that waits for another one; graphs have at most 2^24 tasks.
  class Edge {
   public:
    Edge(uint32_t task, bool only) : bits_(task | (only ? kOnly : 0)) {}
    uint32_t task() const { return bits_ & ~kOnly; }
    bool only() const { return (bits_ & kOnly) != 0; }  // it waits for nothing else

   private:
    static constexpr uint32_t kOnly = 1u << 31;
    uint32_t bits_;
  };

  uint32_t size() const { return static_cast<uint32_t>(predecessors_.size()); }
  // Of a task, from the least urgent.
  const Edge* edges_begin(uint32_t task) const { return edges_.data() + begin_[task]; }
  const Edge* edges_end(uint32_t task) const { return edges_.data() + begin_[task + 1]; }
  int32_t predecessors(uint32_t task) const { return predecessors_[task]; }
  absl::Span<const uint32_t> roots() const { return roots_; }
  // Sinks are counted in groups, as threads that count in one place pass its cache line to and fro.
  // Those of similar numbers are one: of a graph in order of its levels, most often a thread's.
  static uint32_t Group(uint32_t task) { return task / kGroup; }
  // How many sinks each group has.
  absl::Span<const int32_t> sinks() const { return sinks_; }

 private:
  static constexpr uint32_t kGroup = 256;
  std::vector<uint32_t> begin_;
  std::vector<Edge> edges_;
  std::vector<int32_t> predecessors_;
  std::vector<uint32_t> roots_;
  std::vector<int32_t> sinks_;
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
  // Whether all have. The last one sees the work of all others, and hands it on. Not inline: Finish
  // of a random graph takes 4 % longer with it.
  bool FinishSink(uint32_t task);

  // Next to each other, as who counts to the end sets it back.
  struct Counter {
    std::atomic<int32_t> left{0};
    int32_t all = 0;
    void Set(int32_t count);
    // Whether all predecessors have finished with this one.
    bool CountDown();
  };
  struct alignas(64) Group : Counter {};

  const TaskDag& dag_;
  std::unique_ptr<Counter[]> waiting_;
  std::unique_ptr<Group[]> sinks_;
  Counter groups_;  // that have sinks
};

inline bool TaskCounters::Counter::CountDown() {
  // Acquire-release: each predecessor publishes its results with its decrement, and the last one
  // sees those of all, be it with its own decrement or, where it is the only one that is left, with
  // its load. Setting it back is relaxed: it is next used in a later run, and the chain of
  // decrements up to the end of this run orders that.
  if (left.load(std::memory_order_acquire) != 1 &&
      left.fetch_sub(1, std::memory_order_acq_rel) != 1) {
    return false;
  }
  left.store(all, std::memory_order_relaxed);
  return true;
}

inline TaskCounters::Step TaskCounters::Finish(uint32_t task, WorkSource& source, Worker& worker) {
  const TaskDag::Edge *edge = dag_.edges_begin(task), *end = dag_.edges_end(task);
  if (edge == end) {
    return {{}, FinishSink(task)};
  }
  // What is pushed last is popped first, and the most urgent one runs here.
  WorkItem next;
  for (; edge != end; ++edge) {
    if (!edge->only() && !waiting_[edge->task()].CountDown()) continue;
    if (next) worker.Push(next);
    next = {&source, edge->task()};
  }
  return {next, false};
}

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_TASK_DAG_H_
