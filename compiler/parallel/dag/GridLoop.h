// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A loop over rows with a loop over a row's cells in it, as a recurrence over a grid.
//
//   outer: row state a[W], inputs x of the row
//     before: what the cells need of the row (its inputs projected, the left edge)
//     inner: along the row: state h, scanning a[y] and what is there of the row
//     after: what is made of the finished row
//   the next row state is what the inner loop collected
//
// Cell (x, y) then depends on (x, y-1) by the inner state and on (x-1, y) by the row state, and on
// nothing else: that is what match() proves. rewrite() takes the outer loop apart into a loop of
// what is before, one grid_scan, and a loop of what is after, which carry nothing of the grid.

#ifndef HEDDLE_COMPILER_PARALLEL_DAG_GRIDLOOP_H
#define HEDDLE_COMPILER_PARALLEL_DAG_GRIDLOOP_H

#include "compiler/parallel/loops/SplitLoop.h"
#include "dialects/heddle/DagOps.h"

namespace heddle {

class GridLoop : public SplitLoop {
public:
  GridLoop(onnx::ScanOp outer, onnx::ScanOp inner) : SplitLoop(outer), inner(inner) {}

  /// Whether the inner loop scans what an inner loop before it made, and carries something along the
  /// row; so that the two are a grid unless something stands in the way.
  bool isCandidate();
  /// Proves it, or says what stands in the way. Moves what depends on neither loop out of both.
  bool match();

  /// Builds the grid before the outer loop, and erases that.
  GridScanOp rewrite();

private:
  llvm::SetVector<mlir::Value> usedByInner();
  bool checkCell();
  /// Whether what is after the cells uses the row before.
  bool isReadAfter(unsigned state);

  GridScanOp buildGrid(mlir::OpBuilder &b);
  void buildAfter(mlir::OpBuilder &b);

  ScanLoop inner;
  llvm::SmallVector<unsigned> rowStates; // of the outer loop, each once
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_DAG_GRIDLOOP_H
