// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an arena must have at least, to hold a plan's size against: the most bytes of values that
// some legal order of the tasks has alive at once.

#ifndef HEDDLE_TOOLS_HEDDLE_EXPLAIN_ARENABOUND_H
#define HEDDLE_TOOLS_HEDDLE_EXPLAIN_ARENABOUND_H

#include "runtime/graph/graph_info.h"
#include "runtime/graph/shape_plan.h"

#include <cstdint>

namespace heddle::cli {

/// Values count in units of 64 bytes, as they are placed. Negative for graphs that are too large for
/// it.
int64_t arenaLowerBound(const GraphInfo &info, const ShapePlan &plan);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_EXPLAIN_ARENABOUND_H
