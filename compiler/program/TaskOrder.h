// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which tasks of a graph run before which others under every legal order, and what follows from it:
// the edges worth keeping, the order to start tasks in, and which values may share bytes.

#ifndef HEDDLE_COMPILER_PROGRAM_TASKORDER_H
#define HEDDLE_COMPILER_PROGRAM_TASKORDER_H

#include "dialects/task/Task.h"
#include "llvm/ADT/BitVector.h"

namespace heddle {

/// Estimated nanoseconds of a task on one core.
double estimateTaskCost(mlir::Operation *task);

/// The value whose bytes a value is, or is part of: views seen through, parts of joins as the join.
mlir::Value storageOf(mlir::Value value);

class TaskOrder {
public:
  explicit TaskOrder(task::GraphOp graph);

  llvm::ArrayRef<mlir::Operation *> tasks() const { return order; }
  uint32_t indexOf(mlir::Operation *task) const { return index.lookup(task); }
  /// Direct successors after transitive reduction, the longest way to the end first.
  llvm::ArrayRef<uint32_t> successors(uint32_t task) const { return next[task]; }
  uint32_t predecessorCount(uint32_t task) const { return predecessors[task].size(); }
  /// True where `first` has ended before `second` starts, whatever the schedule.
  bool isBefore(uint32_t first, uint32_t second) const { return ancestors[second].test(first); }

  /// True where one value is dead before the other is made, under every legal order.
  bool mayShareBytes(mlir::Value first, mlir::Value second) const;

private:
  /// The tasks that write and read the bytes of a value, through views and in parts as well.
  struct Accesses {
    llvm::SmallVector<uint32_t> writers, readers;
  };

  bool isDeadBefore(mlir::Value first, mlir::Value second) const;
  void reduceEdges();
  void rank();

  std::vector<mlir::Operation *> order;
  llvm::DenseMap<mlir::Operation *, uint32_t> index;
  std::vector<llvm::SmallVector<uint32_t>> predecessors, next;
  std::vector<llvm::BitVector> ancestors;
  llvm::DenseMap<mlir::Value, Accesses> accessesOf; // by storage
  llvm::DenseSet<mlir::Value> outputs;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PROGRAM_TASKORDER_H
