// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Graphs end when all of their tasks have run, once each, however many end them.

#include "runtime/executor/task_dag.h"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>

#include "runtime/executor/backend.h"

namespace heddle {
namespace {

using Edges = std::vector<std::vector<uint32_t>>;

class Counting final : public WorkSource {
 public:
  Counting(const Edges& edges, int threads)
      : edges_(edges),
        dag_(std::vector<absl::Span<const uint32_t>>(edges.begin(), edges.end())),
        counters_(dag_),
        done_(edges.size()),
        backend_(threads),
        scheduler_(std::make_shared<Scheduler>(&backend_, threads)) {}

  // Returns how many tasks have run before the run ended, -1 where one ran before another that it
  // waits for.
  int Run() {
    for (std::atomic<bool>& done : done_) done = false;
    count_ = 0;
    disordered_ = false;
    scheduler_->Run({this, 0, WorkItem::kBegin});
    return disordered_ ? -1 : count_.load();
  }

  WorkItem Execute(WorkItem item, Worker& worker) override {
    if (item.chunk == WorkItem::kBegin) return counters_.Start(*this, worker);
    for (uint32_t successor : edges_[item.task]) disordered_ = disordered_ || done_[successor];
    done_[item.task] = true;
    ++count_;
    TaskCounters::Step step = counters_.Finish(item.task, *this, worker);
    if (step.finished) scheduler_->Finish();
    return step.next;
  }

 private:
  const Edges& edges_;
  TaskDag dag_;
  TaskCounters counters_;
  std::vector<std::atomic<bool>> done_;
  std::atomic<int> count_{0};
  std::atomic<bool> disordered_{false};
  ThreadBackend backend_;
  std::shared_ptr<Scheduler> scheduler_;
};

class TaskDagTest : public ::testing::TestWithParam<int> {
 protected:
  void ExpectAllRun(const Edges& edges) {
    Counting graph(edges, GetParam());
    for (int run = 0; run < 20; ++run) ASSERT_EQ(graph.Run(), edges.size()) << "run " << run;
  }
};

TEST_P(TaskDagTest, TasksWithoutEdges) {
  for (uint32_t count : {1, 2, 255, 256, 257, 1000}) ExpectAllRun(Edges(count));
}

TEST_P(TaskDagTest, OneTaskBeforeAllOthers) {
  Edges edges(1000);
  edges[0].resize(999);
  std::iota(edges[0].begin(), edges[0].end(), 1);
  ExpectAllRun(edges);
}

TEST_P(TaskDagTest, ThousandTasksBeforeTheLast) {
  Edges edges(1001);
  for (uint32_t task = 0; task < 1000; ++task) edges[task] = {1000};
  ExpectAllRun(edges);
}

// Of a thousand tasks in a row each hundredth is before one more, which nobody waits for.
TEST_P(TaskDagTest, SinksThatAreFarApart) {
  Edges edges(1000);
  for (uint32_t task = 0; task < 998; ++task) edges[task] = {task + (task % 100 == 98 ? 2 : 1)};
  for (uint32_t task = 98; task < 900; task += 100) edges[task].push_back(task + 1);
  for (uint32_t task = 99; task < 900; task += 100) edges[task].clear();
  ExpectAllRun(edges);
}

INSTANTIATE_TEST_SUITE_P(Threads, TaskDagTest, ::testing::Values(1, 2, 4));

}  // namespace
}  // namespace heddle
