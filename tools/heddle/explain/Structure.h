// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What follows from a graph's edges and its tasks' costs: levels, the critical path, what may run
// beside what, and why no more does.

#ifndef HEDDLE_TOOLS_HEDDLE_EXPLAIN_STRUCTURE_H
#define HEDDLE_TOOLS_HEDDLE_EXPLAIN_STRUCTURE_H

#include "tools/heddle/explain/Explanation.h"

namespace heddle::cli {

/// Fills everything of `graph` that its tasks' successors and costs tell.
void findStructure(const GraphInfo &info, ExplainedGraph &graph);

/// Fills `split` and `alone` of its tasks, in words; after findStructure().
void findReasons(const GraphInfo &info, ExplainedGraph &graph);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_EXPLAIN_STRUCTURE_H
