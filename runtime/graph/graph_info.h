// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the executor derives once, at load, from a verified graph: where chains of views end, what
// is known only late, who reads late values, and the edges in the form the scheduler walks.
//
// Thread-safety: immutable after construction. Refers to the graph it was made from.

#ifndef HEDDLE_RUNTIME_GRAPH_GRAPH_INFO_H_
#define HEDDLE_RUNTIME_GRAPH_GRAPH_INFO_H_

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/artifact/program.h"
#include "runtime/executor/task_dag.h"
#include "runtime/graph/lifetimes.h"

namespace heddle {

struct GraphInfo {
  explicit GraphInfo(const ProgramGraph& graph, bool repeats = false);

  const ProgramGraph& graph;
  const bool repeats;  // the body of a loop

  // By value.
  std::vector<uint32_t> root;        // where its chain of views ends; itself for no view
  std::vector<uint32_t> dims_begin;  // its dimensions in a pool of all; one more entry at the end
  std::vector<bool> late;            // dimensions or offset are not known when a run starts
  std::vector<int32_t> readers;      // of a late root: tasks that read it, plus one for outputs
  std::vector<int32_t> output_of;    // first output with this root, -1 for none

  // By expression and by symbol: not known when a run starts.
  std::vector<bool> late_expr;
  std::vector<bool> late_symbol;
  std::vector<uint32_t> late_exprs;  // their list

  std::vector<uint32_t> late_roots;        // values of storage kLate
  std::vector<uint32_t> constants;         // values of storage kConstant
  std::vector<uint32_t> late_reads_begin;  // by task, and the end: distinct late roots it reads
  std::vector<uint32_t> late_reads;

  TaskDag dag;
  Lifetimes arena;  // its blocks are the values of storage kArena

  // "[batch,3,(h ceildiv 2)]".
  std::string ExpectedShape(uint32_t value) const;
  std::string ExprText(uint32_t expr) const;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_GRAPH_GRAPH_INFO_H_
