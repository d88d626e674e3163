// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows that carry their edge as element 0, as tables of dynamic programming do:
//
//   row[W+1]:  inner loop scans row[:-1] (the cell above to the left) and row[1:] (the cell above)
//   the next row is Concat(edge, cells)
//
// The edge and the cells become states of their own, and the cell above to the left what the inner
// loop had above it a step before.

#ifndef HEDDLE_COMPILER_PARALLEL_DAG_ROWEDGES_H
#define HEDDLE_COMPILER_PARALLEL_DAG_ROWEDGES_H

#include "compiler/parallel/loops/ScanLoop.h"

namespace heddle {

/// Rewrites all such states of the outer loop; both operations are replaced where there are any.
bool splitRowEdges(onnx::ScanOp &outer, onnx::ScanOp &inner);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_DAG_ROWEDGES_H
