// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// States of a Loop that are outputs in truth: each step adds to them and nothing in the loop reads them.
//
//   state <- Concat(state, x)                    what is appended
//   state <- ScatterND(state, [[i]], x)          row i of a tensor, in order

#ifndef HEDDLE_COMPILER_PARALLEL_LOOPS_COLLECTEDSTATES_H
#define HEDDLE_COMPILER_PARALLEL_LOOPS_COLLECTEDSTATES_H

#include "compiler/source/Arithmetic.h"

namespace heddle {

struct CollectedState {
  unsigned index;
  /// What a step adds, a part along the axis, of a known size.
  mlir::Value added;
  int64_t axis;
  mlir::Value init;
  /// What adds it, and nothing else.
  mlir::Operation *op;
  /// Of a tensor that is written to: the row of the first step.
  std::optional<int64_t> firstRow;

  /// The state after the last step, from what all steps added, along a new axis 0.
  mlir::Value last(Arithmetic &m, mlir::Value all, const DimExpr &steps) const;
};

/// Those of a loop of so many steps.
llvm::SmallVector<CollectedState> findCollectedStates(onnx::LoopOp loop, const DimExpr &steps);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_LOOPS_COLLECTEDSTATES_H
