// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/graph/spread.h"

#include <algorithm>
#include <vector>

namespace heddle {
namespace {

constexpr double kLongControlNanoseconds = 100'000;
// What a task costs where threads share the graph and does not where one thread runs it as a list:
// counting down who waits for it, handing it over, values that come from the other core's cache.
constexpr double kSharedTaskNanoseconds = 400;

// Runs of less are not worth a trial, and what estimates say of more is right. They may be too
// short by half, and a thread that is awake shares a task for less than one costs that sleeps.
constexpr double kLeastUnsureNanoseconds = 8'000, kMostUnsureNanoseconds = 1'000'000;
constexpr double kUnsureLoss = 0.25;

struct Length {
  double work;
  double alone;  // with two threads and nothing beside it
};

Length LengthOf(const ProgramTask& source, const ShapePlan::Task& planned, double least) {
  if (source.kind != program::TaskKind::kKernel) {
    // What is inside a loop or a branch has a plan of its own; a long one may gain.
    bool splits =
        source.kind != program::TaskKind::kLibrary && planned.cost >= kLongControlNanoseconds;
    return {planned.cost, planned.cost / (splits ? 2.0 : 1.0)};
  }
  bool splits = !planned.late && planned.cost >= least &&
                IsWorthCutting(planned.cost, planned.grid, source.grain);
  return {planned.cost, splits ? planned.cost / 2 : planned.cost};
}

}  // namespace

double GainOfSecondThread(const ProgramGraph& graph, const ShapePlan& plan, double least) {
  double work = 0;
  double span = 0;
  std::vector<double> start(graph.tasks.size());
  // Tasks are listed in a legal order: all that comes before a task has been seen.
  for (size_t t = 0; t < graph.tasks.size(); ++t) {
    Length length = LengthOf(graph.tasks[t], plan.tasks[t], least);
    double end = start[t] + length.alone + kSharedTaskNanoseconds;
    work += length.work;
    span = std::max(span, end);
    for (uint32_t next : graph.tasks[t].successors) start[next] = std::max(start[next], end);
  }
  double shared = work + kSharedTaskNanoseconds * static_cast<double>(graph.tasks.size());
  return work - std::max(span, shared / 2);
}

bool GainsBySecondThread(const ProgramGraph& graph, const ShapePlan& plan, bool repeats) {
  // A NaN of a damaged estimate is no gain, either.
  return repeats ? GainOfSecondThread(graph, plan, 0) > kLeastGainOfStepNanoseconds
                 : GainOfSecondThread(graph, plan) > kLeastGainNanoseconds;
}

double UnsureWork(const ProgramGraph& graph, const ShapePlan& plan) {
  double work = 0;
  for (const ShapePlan::Task& task : plan.tasks) work += task.cost;
  bool unsure = work >= kLeastUnsureNanoseconds && work <= kMostUnsureNanoseconds &&
                GainOfSecondThread(graph, plan, 0) > -kUnsureLoss * work;
  return unsure ? work : 0;
}

}  // namespace heddle
