// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A loop around a recurrence, taken apart: what the recurrence needs of each step and what does not
// depend on it becomes a loop of its own before it, so that it is there for all steps.
//
// Used by what proves a loop to be a recurrence over a grid or a graph: it says which values of the
// body belong to the recurrence (taintFrom), and the rest may be computed before.

#ifndef HEDDLE_COMPILER_PARALLEL_LOOPS_SPLITLOOP_H
#define HEDDLE_COMPILER_PARALLEL_LOOPS_SPLITLOOP_H

#include "compiler/parallel/loops/ScanLoop.h"
#include "llvm/ADT/SetVector.h"

#include <string>

namespace heddle {

class SplitLoop {
public:
  explicit SplitLoop(onnx::ScanOp outer) : outer(outer) {}
  const std::string &reason() const { return why; }

protected:
  bool refuse(const llvm::Twine &text) {
    why = text.str();
    return false;
  }
  /// Of the loop's body: an argument or a result of an operation.
  bool isOfStep(mlir::Value value) { return value.getParentBlock() == &outer.body(); }
  bool isTainted(mlir::Value value) { return tainted.contains(value); }

  /// Moves what depends on the loop in no way out of these blocks of it.
  void hoistInvariants(llvm::ArrayRef<mlir::Block *> blocks);
  /// What depends on the values, in this step or a later one.
  void taintFrom(mlir::ValueRange values);
  /// Marks as before what values that are not tainted depend on.
  void sliceBefore(llvm::ArrayRef<mlir::Value> needed);
  /// That all that is scanned has one length, and what is carried keeps its type.
  bool checkSizes(ScanLoop &loop);

  /// Builds the loop of what is before; its states' results replace those of the outer loop.
  void buildBefore(mlir::OpBuilder &b);
  /// A value for all steps, along axis 0: of the loop before, or the same for all.
  mlir::Value ofAllSteps(mlir::OpBuilder &b, mlir::Value value);
  DimExpr length() { return dimsOf(outer.inputs().front()).front(); }

  ScanLoop outer;
  std::string why;
  llvm::DenseSet<mlir::Value> tainted;
  llvm::SetVector<mlir::Operation *> before;
  llvm::SetVector<unsigned> statesBefore;
  /// Of values of the body: one for each step.
  llvm::DenseMap<mlir::Value, mlir::Value> stacked;
};

/// What an operation uses, in its regions too.
llvm::SetVector<mlir::Value> usedBy(mlir::Operation *op);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_LOOPS_SPLITLOOP_H
