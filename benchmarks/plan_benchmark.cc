// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What running a plan costs beside its calls: many calls that do nothing, with and without a journal,
// and many that sleep at once.
//
//   plan_benchmark [CALLS [ROUNDS]]

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "benchmarks/synthetic_tool.h"
#include "runtime/plan/journal.h"
#include "runtime/plan/plan_run.h"
#include "runtime/tools/tool_registry.h"

namespace heddle {
namespace {

using Clock = std::chrono::steady_clock;

Plan Independent(const std::string &tool, int calls) {
  Plan plan;
  for (int i = 0; i < calls; ++i) {
    PlanCall call;
    call.id = i + 1;
    call.tool = tool;
    call.arguments.members.push_back({"i", {Json(i), {}}});
    plan.calls.push_back(std::move(call));
  }
  plan.join.emplace();
  return plan;
}

// Every call waits for the one before it.
Plan Chain(const std::string &tool, int calls) {
  Plan plan = Independent(tool, calls);
  for (int i = 1; i < calls; ++i) {
    plan.calls[static_cast<size_t>(i)].arguments.members.push_back(
        {"x", {Reference{i, {}, {}}, {}}});
  }
  return plan;
}

double Milliseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

class Benchmark {
public:
  Benchmark() : loop_(*EventLoop::Create()) {
    Add("noop", ToolEffects::kRead, nullptr);
    Add("write", ToolEffects::kWrite, nullptr);
    Add("sleep", ToolEffects::kRead, [](const Json &) { return std::chrono::seconds(1); });
  }

  double Run(Plan plan, Journal *journal) {
    RunOptions options;
    options.journal = journal;
    bool ended = false;
    auto began = Clock::now();
    PlanRun run(*loop_, registry_, options, nullptr);
    run.Start(std::move(plan), [&](RunReport report) {
      if (report.status != RunReport::Status::kOk)
        std::abort();
      ended = true;
    });
    loop_->RunUntil([&] { return ended; });
    return Milliseconds(Clock::now() - began);
  }

  double RunWithJournal(const Plan &plan) {
    auto folder =
        std::filesystem::temp_directory_path() / ("plan_benchmark_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    auto began = Clock::now();
    double ms = 0;
    {
      auto journal = Journal::Create(*loop_, folder / "journal", {}, &plan);
      if (!journal.ok())
        std::abort();
      Run(plan, journal->get());
      ms = Milliseconds(Clock::now() - began);
    }
    std::filesystem::remove_all(folder);
    return ms;
  }

private:
  void Add(const char *name, ToolEffects effects, SyntheticTool::DurationOf duration_of) {
    ToolDescription tool;
    tool.name = name;
    tool.effects = effects;
    if (!registry_.Add(std::make_unique<SyntheticTool>(tool, *loop_, std::move(duration_of))).ok())
      std::abort();
  }

  std::unique_ptr<EventLoop> loop_;
  ToolRegistry registry_;
};

void Print(const char *what, const std::function<double()> &measure, int rounds) {
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round)
    times.push_back(measure());
  std::sort(times.begin(), times.end());
  std::printf("%-44s %10.1f %10.1f\n", what, times[times.size() / 2], times.front());
}

int Main(int argc, char **argv) {
  int calls = argc > 1 ? std::atoi(argv[1]) : 10000;
  int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  if (calls < 1 || rounds < 1)
    return 2;
  double load[1] = {0};
  if (getloadavg(load, 1) != 1)
    load[0] = 0;
  std::printf("%d calls, %d rounds, load %.1f\n%-44s %10s %10s\n", calls, rounds, load[0], "ms",
              "median", "least");
  Benchmark benchmark;
  Print(
      "independent, doing nothing",
      [&] { return benchmark.Run(Independent("noop", calls), nullptr); }, rounds);
  Print(
      "a chain, doing nothing", [&] { return benchmark.Run(Chain("noop", calls), nullptr); },
      rounds);
  Print(
      "reads with a journal", [&] { return benchmark.RunWithJournal(Independent("noop", calls)); },
      rounds);
  Print(
      "writes with a journal",
      [&] { return benchmark.RunWithJournal(Independent("write", calls)); }, rounds);
  Print(
      "sleeping 1 s at once", [&] { return benchmark.Run(Independent("sleep", calls), nullptr); },
      1);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("most memory used: %ld MB\n", usage.ru_maxrss / 1024);
  return 0;
}

} // namespace
} // namespace heddle

int main(int argc, char **argv) { return heddle::Main(argc, argv); }
