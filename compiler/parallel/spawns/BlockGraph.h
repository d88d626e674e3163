// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operations of a block and what each waits for. Operations are ordered by values that they read
// and by sizes that only running tells (effects do not cross clusters), so the graph of both says what
// may run beside what.

#ifndef HEDDLE_COMPILER_PARALLEL_SPAWNS_BLOCKGRAPH_H
#define HEDDLE_COMPILER_PARALLEL_SPAWNS_BLOCKGRAPH_H

#include "compiler/parallel/Work.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"

namespace heddle {

struct BlockNode {
  mlir::Operation *op;
  double cost; // by the cost model
  Work own;
  double ownSpan;       // as a number
  double fromStart = 0; // the longest way from the start of the block to its start
  double toEnd = 0;     // the longest way from its start to the end of the block
  llvm::SmallVector<unsigned> before, after;
  llvm::BitVector related; // ancestors and descendants
};

struct BlockGraph {
  explicit BlockGraph(mlir::Block &block);

  /// The longest way through the block.
  double longestWay() const;
  /// The cost of all operations.
  double allCost() const;
  /// What comes neither before nor after any of them.
  llvm::BitVector beside(llvm::ArrayRef<unsigned> members) const;
  /// Of operations of the block. As there may be thousands of chains to describe, each with thousands
  /// of operations beside it, formulas are only added up for what is rarer: members or others.
  Work workOf(const llvm::BitVector &members) const;

  std::vector<BlockNode> nodes; // in block order
  DimExpr allWork = 0;
  /// By a value that tells a size: the operations that use the size, whether they read the value or not.
  llvm::DenseMap<mlir::Value, llvm::SmallSetVector<mlir::Operation *, 4>> sizeUsers;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_SPAWNS_BLOCKGRAPH_H
