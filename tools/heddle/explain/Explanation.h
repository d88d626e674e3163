// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The task graphs of a model for given input shapes, with what follows from them: costs, levels,
// the critical path, what may run beside what and why no more does, and where values lie in the
// arena.

#ifndef HEDDLE_TOOLS_HEDDLE_EXPLAIN_EXPLANATION_H
#define HEDDLE_TOOLS_HEDDLE_EXPLAIN_EXPLANATION_H

#include "runtime/graph/shape_plan.h"
#include "runtime/session/model.h"
#include "tools/heddle/explain/Trace.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace heddle::cli {

struct ExplainedTask {
  std::string name;
  std::string op;
  std::string runs;   ///< the kernel, library function or kind of control flow
  int64_t points = 1; ///< of the grid; -1 where it is known only during the run
  double estimatedUs = 0;
  double measuredUs = -1;  ///< sum over all workers and iterations; negative without a trace
  uint32_t level = 0;      ///< longest chain of tasks before it
  uint32_t beside = 0;     ///< tasks that are neither before nor after it
  uint32_t besideData = 0; ///< the same if only the data they pass on ordered them
  bool critical = false;
  std::vector<uint32_t> successors;
  std::vector<size_t> inside; ///< its sub-graphs, as indices into Explanation::graphs
  std::string split;          ///< how its own work is spread over workers, or why not
  std::string alone;          ///< why nothing runs beside it, or less than could; may be empty

  double us() const { return measuredUs >= 0 ? measuredUs : estimatedUs; }
};

/// A value in the arena. Live from the task that writes it to the last that reads it, in the order
/// of the program; outputs live to the end.
struct ArenaBlock {
  std::string name;
  int64_t offset, bytes;
  uint32_t firstTask, lastTask;
};

/// The main graph, or the body of an If, Loop or Scan.
struct ExplainedGraph {
  std::string title;       ///< "main", "If_0, then"
  uint32_t index = 0;      ///< in the program
  bool sequential = false; ///< it runs as a list, being too small to spread
  bool sized = false;      ///< sizes are known: grids and the arena are those of a run
  bool measured = false;
  std::vector<ExplainedTask> tasks;
  std::vector<std::vector<uint32_t>> levels;
  std::vector<uint32_t> criticalPath;
  double totalUs = 0, criticalUs = 0;
  std::vector<ArenaBlock> blocks;
  int64_t arenaBytes = 0;
  std::vector<TraceSpan> spans; ///< measured, or how the workers would go about it
  int workers = 1;

  double parallelism() const { return criticalUs > 0 ? totalUs / criticalUs : 1; }
  size_t widest() const;
  /// All tasks, the most expensive first.
  std::vector<uint32_t> byCost() const;
};

struct Explanation {
  std::string model;
  std::map<std::string, int64_t> sizes; ///< of the symbolic dimensions
  std::vector<ExplainedGraph> graphs;   ///< the main one first, sub-graphs after what runs them

  const ExplainedGraph &main() const { return graphs.front(); }
};

/// `inputs` give the shapes; only those are looked at.
absl::StatusOr<Explanation> explain(const Model &model, absl::Span<const Tensor> inputs,
                                    const std::vector<TraceSpan> &trace);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_EXPLAIN_EXPLANATION_H
