// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which tasks of a graph run before which others under every legal order, and what follows from it:
// the edges worth keeping, and the order to start tasks in.

#ifndef HEDDLE_COMPILER_PROGRAM_TASKORDER_H
#define HEDDLE_COMPILER_PROGRAM_TASKORDER_H

#include "dialects/task/Task.h"
#include "llvm/ADT/StringSet.h"

namespace heddle {

/// Estimated nanoseconds of a task on one core.
double estimateTaskCost(mlir::Operation *task);

/// Symbols that the shapes of a graph's inputs tell.
llvm::StringSet<llvm::MallocAllocator> inputSymbolsOf(mlir::Block &body);

class TaskOrder {
public:
  explicit TaskOrder(task::GraphOp graph);

  llvm::ArrayRef<mlir::Operation *> tasks() const { return order; }
  uint32_t indexOf(mlir::Operation *task) const { return index.lookup(task); }
  /// Direct successors after transitive reduction, the longest way to the end first.
  llvm::ArrayRef<uint32_t> successors(uint32_t task) const { return next[task]; }
  uint32_t predecessorCount(uint32_t task) const { return predecessors[task].size(); }

private:
  void reduceEdges();
  void rank();

  std::vector<mlir::Operation *> order;
  llvm::DenseMap<mlir::Operation *, uint32_t> index;
  std::vector<llvm::SmallVector<uint32_t>> predecessors, next;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PROGRAM_TASKORDER_H
