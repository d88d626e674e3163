// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Schedulers that run the same graph: each is made of its edges and a number of threads, and its
// Run() returns when all nodes have run. Taskflow is among them where its headers are given.

#ifndef HEDDLE_BENCHMARKS_EXECUTOR_CONTENDERS_H_
#define HEDDLE_BENCHMARKS_EXECUTOR_CONTENDERS_H_

#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/task_arena.h>

#include <memory>
#include <utility>
#include <vector>

#include "benchmarks/executor/graphs.h"
#include "runtime/executor/backend.h"
#include "runtime/executor/scheduler.h"
#include "runtime/executor/task_dag.h"

#ifdef HEDDLE_TASKFLOW
#include <taskflow/taskflow.hpp>
#endif

namespace heddle {

struct NoWork {
  void operator()(uint32_t) const {}
};

// The runtime's own scheduler; `body` is called with each node.
template <typename Body = NoWork> class OwnScheduler final : public WorkSource {
public:
  OwnScheduler(const Edges &edges, int threads, Body body = {}, Backend &backend = ArenaBackend())
      : dag_(std::vector<absl::Span<const uint32_t>>(edges.begin(), edges.end())), counters_(dag_),
        scheduler_(std::make_shared<Scheduler>(&backend, threads)), body_(std::move(body)) {}

  void Run() { scheduler_->Run({this, 0, WorkItem::kBegin}); }

  WorkItem Execute(WorkItem item, Worker &worker) override {
    if (item.chunk == WorkItem::kBegin)
      return counters_.Start(*this, worker);
    body_(item.task);
    TaskCounters::Step step = counters_.Finish(item.task, *this, worker);
    if (step.finished)
      scheduler_->Finish();
    return step.next;
  }

private:
  TaskDag dag_;
  TaskCounters counters_;
  std::shared_ptr<Scheduler> scheduler_;
  Body body_;
};

class FlowGraph {
public:
  FlowGraph(const Edges &edges, int threads) : arena_(threads) {
    arena_.execute([&] {
      graph_ = std::make_unique<tbb::flow::graph>();
      for (size_t i = 0; i < edges.size(); ++i) {
        nodes_.push_back(std::make_unique<Node>(*graph_, [](const tbb::flow::continue_msg &) {}));
      }
      std::vector<int> predecessors = Predecessors(edges);
      for (size_t i = 0; i < edges.size(); ++i) {
        for (uint32_t s : edges[i])
          tbb::flow::make_edge(*nodes_[i], *nodes_[s]);
        if (predecessors[i] == 0)
          roots_.push_back(nodes_[i].get());
      }
    });
  }
  ~FlowGraph() {
    arena_.execute([&] {
      nodes_.clear();
      graph_.reset();
    });
  }

  void Run() {
    arena_.execute([&] {
      for (Node *root : roots_)
        root->try_put(tbb::flow::continue_msg());
      graph_->wait_for_all();
    });
  }

private:
  using Node = tbb::flow::continue_node<tbb::flow::continue_msg>;
  tbb::task_arena arena_;
  std::unique_ptr<tbb::flow::graph> graph_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<Node *> roots_;
};

#ifdef HEDDLE_TASKFLOW
class TaskflowGraph {
public:
  TaskflowGraph(const Edges &edges, int threads) : executor_(static_cast<size_t>(threads)) {
    std::vector<tf::Task> tasks;
    for (size_t i = 0; i < edges.size(); ++i)
      tasks.push_back(taskflow_.emplace([] {}));
    for (size_t i = 0; i < edges.size(); ++i) {
      for (uint32_t s : edges[i])
        tasks[i].precede(tasks[s]);
    }
  }

  void Run() { executor_.run(taskflow_).wait(); }

private:
  tf::Executor executor_;
  tf::Taskflow taskflow_;
};
#endif

} // namespace heddle

#endif // HEDDLE_BENCHMARKS_EXECUTOR_CONTENDERS_H_
