// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How much the constants that a model computes may take. A few bytes of model can ask for any
// amount: `Expand` of one number, `Tile`, `Pad`.
//
//   ConstantBudget budget(options.import.mostConstantBytes);
//   if (failed(budget.take(op))) // the error is emitted
//     return failure();

#ifndef HEDDLE_COMPILER_TASKS_CONSTANTBUDGET_H
#define HEDDLE_COMPILER_TASKS_CONSTANTBUDGET_H

#include "mlir/IR/Operation.h"

namespace heddle {

class ConstantBudget {
public:
  explicit ConstantBudget(int64_t bytes) : most(bytes), spare(bytes) {}

  /// An operation that is run while compiling. What is fused away inside of it takes no memory, but
  /// time: no single value may exceed the limit.
  mlir::LogicalResult take(mlir::Operation *op);

private:
  mlir::LogicalResult takeResults(mlir::Operation *op, int64_t &available);

  int64_t most, spare;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_TASKS_CONSTANTBUDGET_H
