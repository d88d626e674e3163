// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a task costs that does nothing: nanoseconds per node of the runtime's scheduler, of
// tbb::flow, and of Taskflow where it was compiled in (cmake -DHEDDLE_TASKFLOW=FOLDER), on four
// graphs and one or two threads. All sides run in turns within one process; the table gives the
// median and the least of the rounds, and the ratio of the medians. Then the CPU time of threads
// that have nothing to do.
//
//   executor_benchmark [--json] [NODES [ROUNDS]]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "benchmarks/executor/contenders.h"
#include "benchmarks/executor/graphs.h"
#include "benchmarks/executor/idle_workers.h"

namespace {

using heddle::Edges;

struct Side {
  const char *name;
  std::function<void()> run;
  std::vector<double> ns; // per node, by round

  double median() const { return ns[ns.size() / 2]; }
};

class Comparison {
public:
  Comparison(bool json, int rounds) : json_(json), rounds_(rounds) {}

  void Run(const char *name, const Edges &edges, int threads) {
    heddle::OwnScheduler<> ours(edges, threads);
    heddle::FlowGraph flow(edges, threads);
    std::vector<Side> sides = {{"heddle", [&] { ours.Run(); }, {}},
                               {"tbb::flow", [&] { flow.Run(); }, {}}};
#ifdef HEDDLE_TASKFLOW
    heddle::TaskflowGraph taskflow(edges, threads);
    sides.push_back({"taskflow", [&] { taskflow.Run(); }, {}});
#endif
    constexpr int kWarmUp = 3;
    for (int round = 0; round < rounds_ + kWarmUp; ++round) {
      for (Side &side : sides) {
        auto begin = std::chrono::steady_clock::now();
        side.run();
        std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
        if (round >= kWarmUp)
          side.ns.push_back(time.count() / static_cast<double>(edges.size()));
      }
    }
    for (Side &side : sides) {
      std::sort(side.ns.begin(), side.ns.end());
      Print(name, threads, edges.size(), side, sides[0].median() / side.median());
    }
  }

private:
  void Print(const char *graph, int threads, size_t nodes, const Side &side, double ratio) const {
    std::printf(json_ ? "{\"graph\": \"%s\", \"threads\": %d, \"nodes\": %zu, \"side\": \"%s\", "
                        "\"median_ns\": %.2f, \"min_ns\": %.2f, \"ratio\": %.4f}\n"
                      : "%-12s %7d %9zu  %-10s %8.1f %8.1f %8.2f\n",
                graph, threads, nodes, side.name, side.median(), side.ns[0], ratio);
  }

  const bool json_;
  const int rounds_;
};

} // namespace

int main(int argc, char **argv) {
  bool json = argc > 1 && std::strcmp(argv[1], "--json") == 0;
  argc -= json;
  argv += json;
  auto nodes = static_cast<uint32_t>(argc > 1 ? std::atoi(argv[1]) : 10000);
  int rounds = argc > 2 ? std::atoi(argv[2]) : 100;
  if (nodes < 1 || rounds < 1)
    return 2;
  double load = 0;
  if (!json) {
    std::printf("ns per empty node; load average now: ");
    std::printf(getloadavg(&load, 1) == 1 ? "%.1f\n" : "unknown\n", load);
    std::printf("%-12s %7s %9s  %-10s %8s %8s %8s\n", "graph", "threads", "nodes", "scheduler",
                "median", "min", "heddle's");
  }
  Comparison comparison(json, rounds);
  for (int threads : {1, 2}) {
    comparison.Run("chain", heddle::Chain(nodes), threads);
    comparison.Run("binary tree", heddle::BinaryTree(nodes), threads);
    comparison.Run("wavefront", heddle::Wavefront(nodes), threads);
    comparison.Run("random dag", heddle::RandomDag(nodes), threads);
  }
  heddle::IdleWorkers idle = heddle::MeasureIdleWorkers(2, std::min(rounds, 50));
  std::printf(json
                  ? "{\"idle_executor_us\": %.1f, \"idle_run_us\": %.1f, \"idle_later_us\": %.1f}\n"
                  : "CPU time of threads without work: %.1f us a run in the executor, %.1f us with "
                    "waking them, %.1f us later\n",
              idle.executor_us, idle.run_us, idle.later_us);
  return 0;
}
