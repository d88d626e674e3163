// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Places for the tasks of a graph drawn in layers: a row for each level, and in a row the order
// that keeps edges short and crossings few. A task is drawn just before the first that needs it,
// rather than as early as it could run: preparations are seen where they are used, and still no
// path connects two tasks of a row.

#ifndef HEDDLE_TOOLS_HEDDLE_EXPLAIN_LAYOUT_H
#define HEDDLE_TOOLS_HEDDLE_EXPLAIN_LAYOUT_H

#include "tools/heddle/explain/Explanation.h"

namespace heddle::cli {

struct Layout {
  std::vector<double> column; ///< by task; columns are 1 wide and may be fractions
  double columns = 0;
  std::vector<uint32_t> row; ///< by task
};

/// Sweeps down and up a few times, ordering each row by the mean place of its neighbours.
Layout layOut(const ExplainedGraph &graph);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_EXPLAIN_LAYOUT_H
