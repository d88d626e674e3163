// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How some workers would go about a task graph if the estimates were right: what the timeline shows
// before there is a measured one.

#ifndef HEDDLE_TOOLS_HEDDLE_EXPLAIN_SCHEDULE_H
#define HEDDLE_TOOLS_HEDDLE_EXPLAIN_SCHEDULE_H

#include "tools/heddle/explain/Explanation.h"

namespace heddle::cli {

/// Fills `spans` and `workers` by list scheduling: whoever is free takes the ready task with the
/// longest way to the end. A task is not split, though the executor splits grids.
void scheduleOnWorkers(ExplainedGraph &graph, int workers);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_EXPLAIN_SCHEDULE_H
