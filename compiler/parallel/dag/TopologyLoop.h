// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A loop that reads rows of tables it carries and writes one, by indices that come from data.
//
//   for i: table[w[i]] = cell(table[r[i]], ..., x[i])
//
// The indices do not depend on the tables, so all of them are there before the recurrence begins,
// and say which steps must wait for which. match() proves it, rewrite() makes it a dag_scan.

#ifndef HEDDLE_COMPILER_PARALLEL_DAG_TOPOLOGYLOOP_H
#define HEDDLE_COMPILER_PARALLEL_DAG_TOPOLOGYLOOP_H

#include "compiler/parallel/loops/SplitLoop.h"
#include "dialects/heddle/DagOps.h"

namespace heddle {

class TopologyLoop : public SplitLoop {
public:
  explicit TopologyLoop(onnx::ScanOp loop) : SplitLoop(loop) {}

  /// Whether the loop carries a value that each step scatters into.
  bool isCandidate();
  bool match();
  DagScanOp rewrite();

private:
  struct Table {
    unsigned state;
    mlir::Operation *scatter; // (data, indices, updates)
  };
  struct Read {
    unsigned table;
    mlir::Operation *gather; // (data, indices)
  };

  bool checkTable(unsigned table);
  bool checkCell();
  mlir::Value indicesOfSteps(mlir::OpBuilder &b, mlir::Value index, bool isOne);

  llvm::SmallVector<Table> tables;
  llvm::SmallVector<Read> reads;
  llvm::SmallVector<mlir::Operation *> cell; // the rest of what depends on tables
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_DAG_TOPOLOGYLOOP_H
