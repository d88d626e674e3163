// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One loop on its way to scans: RaiseScans.cpp decides what each group of states becomes,
// RaisedGroups.cpp builds it.

#ifndef HEDDLE_COMPILER_PARALLEL_LOOPS_RAISING_H
#define HEDDLE_COMPILER_PARALLEL_LOOPS_RAISING_H

#include "compiler/parallel/loops/StepsAtOnce.h"
#include "compiler/parallel/recurrence/OuterProducts.h"

namespace heddle {

/// States that depend on each other, and what they become: nothing, as they do not change; inputs,
/// moved by a step; a linear attention; a scan; a loop of their own.
struct Group {
  enum Kind { Kept, Delayed, Read, Composed, Sequential } kind;
  llvm::ArrayRef<unsigned> states;
  Component component;
  std::optional<Recurrence> recurrence;
  std::optional<OuterProducts> products;
  std::string reason;
};

/// Remembers what is built, to take it back.
struct Undo : mlir::OpBuilder::Listener {
  void notifyOperationInserted(mlir::Operation *op, mlir::OpBuilder::InsertPoint) override {
    built.push_back(op);
  }
  void undo() {
    for (mlir::Operation *op : llvm::reverse(built))
      op->erase();
    built.clear();
  }
  llvm::SmallVector<mlir::Operation *> built;
};

class Raising {
public:
  Raising(onnx::ScanOp loop, bool outerProducts)
      : loop(loop), body(loop), builder(loop, &undo), outerProducts(outerProducts) {}

  /// Whether the loop was replaced; if not, `reason` says why.
  bool run();
  std::string reason;
  unsigned scans = 0, loops = 0;

private:
  bool plan();
  bool takeDeclared();
  llvm::LogicalResult emit(bool anything);
  llvm::LogicalResult emitScan(StepsAtOnce &steps, Group &group);
  llvm::LogicalResult emitProducts(StepsAtOnce &steps, Group &group);
  llvm::LogicalResult emitLoop(StepsAtOnce &steps, Group &group);
  void record();
  void dropParameters();
  mlir::Block *addRegion(mlir::Region &region, llvm::ArrayRef<mlir::Type> arguments);

  onnx::ScanOp loop;
  LoopBody body;
  Undo undo;
  mlir::OpBuilder builder;
  bool outerProducts;
  std::vector<Group> groups;
  llvm::SmallVector<unsigned> allStates;
  llvm::SmallVector<mlir::Value> lasts;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_LOOPS_RAISING_H
