// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values of a loop's body computed for all steps at once, before the loop. States are known once
// their values after each step are; the values before it are these, moved by one.
//
//   StepsAtOnce steps(body, builder);
//   if (failed(steps.compute(factor)))        // steps.reason()
//     return failure();
//   Value factors = steps.stacked(factor);    // length x its shape

#ifndef HEDDLE_COMPILER_PARALLEL_LOOPS_STEPSATONCE_H
#define HEDDLE_COMPILER_PARALLEL_LOOPS_STEPSATONCE_H

#include "compiler/parallel/batching/Batching.h"
#include "compiler/parallel/loops/LoopBody.h"

namespace heddle {

class StepsAtOnce {
public:
  /// With `anything`, operations without a form for all steps become a heddle.map.
  StepsAtOnce(const LoopBody &body, mlir::OpBuilder &builder, bool anything);

  /// Builds what the value needs; fails, and says why, where it cannot be.
  llvm::LogicalResult compute(mlir::Value value);
  bool isStacked(mlir::Value value) const { return batching.isStacked(value); }
  mlir::Value stacked(mlir::Value value) { return batching.stacked(value); }
  mlir::Value shared(mlir::Value value) const { return batching.shared(value); }

  /// A value of the body for all steps.
  void define(mlir::Value value, mlir::Value stacked);
  /// A state that stays what it was at the start.
  void defineKept(unsigned state);
  /// A state after each step.
  void defineState(unsigned state, mlir::Value after);
  /// The initial state and those after each step, of which the last one is the last.
  mlir::Value last(unsigned state);

  const std::string &reason() const { return why; }

private:
  mlir::Value withInitial(unsigned state);
  mlir::Value rows(mlir::Value value, int64_t first, int64_t end, const DimExpr &count);
  llvm::LogicalResult apply(mlir::Operation *op);
  llvm::LogicalResult applyMap(mlir::Operation *op);

  const LoopBody &body;
  mlir::OpBuilder &builder;
  mlir::Location loc;
  bool anything;
  Batching batching;
  llvm::DenseSet<mlir::Value> known;
  llvm::SmallVector<mlir::Value> after, joined; // of each state, once known
  std::string why;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_LOOPS_STEPSATONCE_H
