// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What in the body of an onnx.Scan depends on which of its states, and in which order groups of states
// that depend on each other can be computed one after the other.

#ifndef HEDDLE_COMPILER_PARALLEL_LOOPS_LOOPBODY_H
#define HEDDLE_COMPILER_PARALLEL_LOOPS_LOOPBODY_H

#include "compiler/parallel/recurrence/Recurrence.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringSet.h"

namespace heddle {

class LoopBody {
public:
  explicit LoopBody(onnx::ScanOp loop);

  onnx::ScanOp loop;
  mlir::Block &block;
  unsigned states;

  mlir::Operation *end() const { return block.getTerminator(); }
  mlir::Value before(unsigned state) const { return block.getArgument(state); }
  mlir::Value after(unsigned state) const { return end()->getOperand(state); }
  mlir::Value init(unsigned state) const { return loop->getOperand(state); }
  DimExpr length() const { return dimsOf(loop->getOperand(states)).front(); }

  /// Whether a value of the body depends on a state as it was before the step.
  bool depends(mlir::Value value, unsigned state) const;
  /// Groups of states; each depends on itself and on earlier ones.
  llvm::ArrayRef<llvm::SmallVector<unsigned>> groups() const { return components; }
  /// The operations between the old and the new states of a group.
  Component component(llvm::ArrayRef<unsigned> group) const;
  /// Whether all dimensions mean something outside of the loop.
  bool isKnownOutside(mlir::Type type) const;

private:
  void findGroups();

  llvm::DenseMap<mlir::Value, llvm::BitVector> dependsOn;
  llvm::SmallVector<llvm::SmallVector<unsigned>> components;
  llvm::StringSet<> outside;
};

/// The values from outside that an operation, with its regions, uses.
llvm::SmallVector<mlir::Value> usesOf(mlir::Operation *op);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_LOOPS_LOOPBODY_H
