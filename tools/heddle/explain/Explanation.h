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
  std::string runs;        ///< the kernel, library function or kind of control flow
  int64_t points = 1;      ///< of the grid; -1 where it is known only during the run
  int64_t operations = -1; ///< of arithmetic; negative where not known
  int64_t bytes = -1;      ///< that it reads and writes at least; negative where not known
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
  int64_t arenaLowerBound = -1; ///< negative where it was not looked for
  std::vector<TraceSpan> spans; ///< measured, or how the workers would go about it
  int workers = 1;

  double parallelism() const { return criticalUs > 0 ? totalUs / criticalUs : 1; }
  size_t widest() const;
  /// All tasks, the most expensive first.
  std::vector<uint32_t> byCost() const;
};

/// The numbers of cores for which a gain is predicted.
inline constexpr int predictedCores[] = {1, 2, 4, 8, 64};

/// A piece of parallelism that the compiler found.
struct ExplainedConstruct {
  std::string kind, summary, proof, equivalence, form;
  std::vector<std::string> sources; ///< nodes of the source
  std::string workText, spanText;   ///< over symbolic dimensions; empty where not known
  int64_t work = -1, span = -1;     ///< for the sizes at hand; negative where not known
  double measuredUs = -1;           ///< of the tasks made of its sources; negative without a trace

  bool hasNumbers() const { return work > 0 && span > 0; }
  double parallelism() const { return static_cast<double>(work) / static_cast<double>(span); }
  /// What so many cores gain at least, by Brent's bound; see Constructs.cpp for the overhead.
  double speedup(int cores) const;
};

/// What was looked at and left as it is.
struct LeftSequential {
  std::vector<std::string> sources;
  std::string reason;
};

struct Explanation {
  std::string model;
  std::string targetCpu;                ///< whose code runs
  std::vector<std::string> targetCpus;  ///< that the artifact has code for, best first
  std::map<std::string, int64_t> sizes; ///< of the symbolic dimensions
  std::vector<ExplainedGraph> graphs;   ///< the main one first, sub-graphs after what runs them
  std::vector<ExplainedConstruct> constructs;
  std::vector<LeftSequential> sequential;

  const ExplainedGraph &main() const { return graphs.front(); }
};

/// Fills `constructs` and `sequential` for the sizes of the main graph; after its graphs.
void explainConstructs(const DecodedProgram &program, const ShapePlan &plan,
                       Explanation &explanation);

/// `inputs` give the shapes; only those are looked at.
absl::StatusOr<Explanation> explain(const Model &model, absl::Span<const Tensor> inputs,
                                    const std::vector<TraceSpan> &trace);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_EXPLAIN_EXPLANATION_H
