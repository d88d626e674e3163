// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether a graph is worth spreading over threads for the sizes at hand: scheduling only, it never
// changes a result.
//
// Thread-safety: pure functions.

#ifndef HEDDLE_RUNTIME_GRAPH_SPREAD_H_
#define HEDDLE_RUNTIME_GRAPH_SPREAD_H_

#include "runtime/executor/chunks.h"
#include "runtime/graph/shape_plan.h"

namespace heddle {

// The least that a second thread has to save, of estimated time. One that sleeps costs its caller
// 2 us and begins after 4 to 11 us on an idle core.
inline constexpr double kLeastGainNanoseconds = 6'000;

// The same for the body of a loop, whose second thread is awake from the step before, and may have
// its half of what all steps read in its own caches.
inline constexpr double kLeastGainOfStepNanoseconds = 2'000;

// What two threads save of the estimated time of one, in nanoseconds: bounded by the longest chain
// of tasks, each as short as its points allow, and by half of the work. The plan has its tasks'
// costs; those below `least` stay whole.
double GainOfSecondThread(const ProgramGraph& graph, const ShapePlan& plan,
                          double least = 2 * kChunkNanoseconds);

// Whether a second thread pays for the sizes at hand, in a body of a loop (`repeats`) for each
// step.
bool GainsBySecondThread(const ProgramGraph& graph, const ShapePlan& plan, bool repeats);

// The estimated work of a graph, where it is so little that estimates do not tell whether a second
// thread pays, and something in it can be shared; else 0. Runs of it are timed.
double UnsureWork(const ProgramGraph& graph, const ShapePlan& plan);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_GRAPH_SPREAD_H_
