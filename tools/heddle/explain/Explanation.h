// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The task graph of a model for given input shapes, with what follows from it: costs, levels,
// the critical path, what may run beside what, and where values lie in the arena.

#ifndef HEDDLE_TOOLS_HEDDLE_EXPLAIN_EXPLANATION_H
#define HEDDLE_TOOLS_HEDDLE_EXPLAIN_EXPLANATION_H

#include "runtime/graph/shape_plan.h"
#include "runtime/session/model.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace heddle::cli {

/// A stretch of time in a trace.
struct TraceSpan {
  uint32_t task;
  int worker;
  double beginUs, endUs;
};

struct ExplainedTask {
  std::string name;
  std::string op;
  std::string runs;   ///< the kernel, library function or kind of control flow
  int64_t points = 1; ///< of the grid; -1 where it is known only during the run
  double estimatedUs = 0;
  double measuredUs = -1; ///< sum over all workers; negative without a trace
  uint32_t level = 0;     ///< longest chain of tasks before it
  uint32_t beside = 0;    ///< tasks that are neither before nor after it
  bool critical = false;
  std::vector<uint32_t> successors;

  double us() const { return measuredUs >= 0 ? measuredUs : estimatedUs; }
};

/// A value in the arena. Live from the task that writes it to the last that reads it, in the order
/// of the program; outputs live to the end.
struct ArenaBlock {
  std::string name;
  int64_t offset, bytes;
  uint32_t firstTask, lastTask;
};

struct Explanation {
  std::string model;
  bool sequential = false; ///< the whole graph runs as a list, being too small to spread
  bool measured = false;
  std::vector<ExplainedTask> tasks;
  std::vector<std::vector<uint32_t>> levels;
  std::vector<uint32_t> criticalPath;
  double totalUs = 0, criticalUs = 0;
  std::vector<ArenaBlock> blocks;
  int64_t arenaBytes = 0;
  std::vector<TraceSpan> spans; ///< measured, or how two workers would go about it
  int workers = 1;
  std::map<std::string, int64_t> sizes; ///< of the symbolic dimensions

  double parallelism() const { return criticalUs > 0 ? totalUs / criticalUs : 1; }
  size_t widest() const;
  /// All tasks, the most expensive first.
  std::vector<uint32_t> byCost() const;
};

/// `inputs` give the shapes; only those are looked at.
absl::StatusOr<Explanation> explain(const Model &model, absl::Span<const Tensor> inputs,
                                    const std::vector<TraceSpan> &trace);

/// The spans of the main graph in a file that `heddle run --trace` wrote.
absl::StatusOr<std::vector<TraceSpan>> readTrace(const std::string &path);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_EXPLAIN_EXPLANATION_H
