// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a task costs that does nothing: nanoseconds per node of the runtime's scheduler and of
// tbb::flow, on four graphs and one or two threads. Both sides of a pair run in turns within one
// process; the table gives the median and the least of the rounds, and the ratio of the medians.
//
//   executor_benchmark [NODES [ROUNDS]]

#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "runtime/executor/backend.h"
#include "runtime/executor/scheduler.h"
#include "runtime/executor/task_dag.h"

namespace {

using heddle::Scheduler;
using heddle::TaskCounters;
using heddle::TaskDag;
using heddle::Worker;
using heddle::WorkItem;
using Edges = std::vector<std::vector<uint32_t>>;

Edges Chain(uint32_t nodes) {
  Edges edges(nodes);
  for (uint32_t i = 0; i + 1 < nodes; ++i) edges[i] = {i + 1};
  return edges;
}

Edges BinaryTree(uint32_t nodes) {
  Edges edges(nodes);
  for (uint32_t i = 1; i < nodes; ++i) edges[(i - 1) / 2].push_back(i);
  return edges;
}

Edges Wavefront(uint32_t nodes) {
  uint32_t side = 1;
  while ((side + 1) * (side + 1) <= nodes) ++side;
  Edges edges(side * side);
  for (uint32_t r = 0; r < side; ++r) {
    for (uint32_t c = 0; c < side; ++c) {
      if (c + 1 < side) edges[r * side + c].push_back(r * side + c + 1);
      if (r + 1 < side) edges[r * side + c].push_back((r + 1) * side + c);
    }
  }
  return edges;
}

Edges RandomDag(uint32_t nodes) {
  std::mt19937 random(1);
  Edges edges(nodes);
  for (uint32_t i = 1; i < nodes; ++i) {
    for (int k = 0; k < 3; ++k) {
      uint32_t from = i - 1 - random() % std::min(i, 100u);
      if (std::find(edges[from].begin(), edges[from].end(), i) == edges[from].end()) {
        edges[from].push_back(i);
      }
    }
  }
  return edges;
}

std::vector<absl::Span<const uint32_t>> Spans(const Edges& edges) {
  return {edges.begin(), edges.end()};
}

class EmptyTasks final : public heddle::WorkSource {
 public:
  EmptyTasks(const Edges& edges, int threads)
      : dag_(Spans(edges)),
        counters_(dag_),
        scheduler_(std::make_shared<Scheduler>(&heddle::ArenaBackend(), threads)) {}

  void Run() { scheduler_->Run({this, 0, WorkItem::kBegin}); }

  WorkItem Execute(const WorkItem& item, Worker& worker) override {
    if (item.chunk == WorkItem::kBegin) return counters_.Start(*this, worker);
    TaskCounters::Step step = counters_.Finish(item.task, *this, worker);
    if (step.finished) scheduler_->Finish();
    return step.next;
  }

 private:
  TaskDag dag_;
  TaskCounters counters_;
  std::shared_ptr<Scheduler> scheduler_;
};

class FlowGraph {
 public:
  using Node = tbb::flow::continue_node<tbb::flow::continue_msg>;
  FlowGraph(const Edges& edges, int threads) : arena_(threads) {
    arena_.execute([&] {
      graph_ = std::make_unique<tbb::flow::graph>();
      std::vector<int> predecessors(edges.size());
      for (const auto& list : edges) {
        for (uint32_t s : list) ++predecessors[s];
      }
      for (size_t i = 0; i < edges.size(); ++i) {
        nodes_.push_back(std::make_unique<Node>(*graph_, [](const tbb::flow::continue_msg&) {}));
      }
      for (size_t i = 0; i < edges.size(); ++i) {
        for (uint32_t s : edges[i]) tbb::flow::make_edge(*nodes_[i], *nodes_[s]);
        if (predecessors[i] == 0) roots_.push_back(nodes_[i].get());
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
      for (Node* root : roots_) root->try_put(tbb::flow::continue_msg());
      graph_->wait_for_all();
    });
  }

 private:
  tbb::task_arena arena_;
  std::unique_ptr<tbb::flow::graph> graph_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<Node*> roots_;
};

template <typename Graph>
double NanosecondsPerNode(Graph& graph, size_t nodes) {
  auto begin = std::chrono::steady_clock::now();
  graph.Run();
  std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
  return time.count() / static_cast<double>(nodes);
}

struct Summary {
  double median, least;
};

Summary Summarise(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times[0]};
}

void Compare(const char* name, const Edges& edges, int threads, int rounds) {
  EmptyTasks ours(edges, threads);
  FlowGraph theirs(edges, threads);
  std::vector<double> our_times, their_times;
  for (int round = 0; round < rounds + 3; ++round) {
    double a = NanosecondsPerNode(ours, edges.size());
    double b = NanosecondsPerNode(theirs, edges.size());
    if (round < 3) continue;  // warm-up
    our_times.push_back(a);
    their_times.push_back(b);
  }
  Summary a = Summarise(our_times), b = Summarise(their_times);
  std::printf("%-12s %7d %9zu %10.1f %8.1f %12.1f %8.1f %8.2f\n", name, threads, edges.size(),
              a.median, a.least, b.median, b.least, a.median / b.median);
}

}  // namespace

int main(int argc, char** argv) {
  auto nodes = static_cast<uint32_t>(argc > 1 ? std::atoi(argv[1]) : 10000);
  int rounds = argc > 2 ? std::atoi(argv[2]) : 100;
  if (nodes < 1 || rounds < 1) return 2;
  std::printf("ns per empty node; load average now: ");
  double load = 0;
  std::printf(getloadavg(&load, 1) == 1 ? "%.1f\n" : "unknown\n", load);
  std::printf("%-12s %7s %9s %10s %8s %12s %8s %8s\n", "graph", "threads", "nodes", "heddle", "min",
              "tbb::flow", "min", "ratio");
  for (int threads : {1, 2}) {
    Compare("chain", Chain(nodes), threads, rounds);
    Compare("binary tree", BinaryTree(nodes), threads, rounds);
    Compare("wavefront", Wavefront(nodes), threads, rounds);
    Compare("random dag", RandomDag(nodes), threads, rounds);
  }
  return 0;
}
