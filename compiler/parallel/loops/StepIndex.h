// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a loop's body reads at its own step: Gather(x, i) and Slice(x, i, i + 1), in the spellings of
// exporters, where i is the number of the iteration.

#ifndef HEDDLE_COMPILER_PARALLEL_LOOPS_STEPINDEX_H
#define HEDDLE_COMPILER_PARALLEL_LOOPS_STEPINDEX_H

#include "compiler/source/Arithmetic.h"

#include <optional>

namespace heddle {

/// The number that is added to `step` to make the value, which has one element; nothing where it is
/// not made so.
std::optional<int64_t> offsetFrom(mlir::Value value, mlir::Value step);

/// Whether steps 0, 1, ... read or write at places first, first + 1, ... that all are there: an index
/// below 0 would count from the end.
bool isInRange(int64_t first, const DimExpr &steps, const DimExpr &size);

/// A read of a tensor from outside the loop, so many places after the step.
struct StepRead {
  mlir::Operation *op;
  mlir::Value data;
  int64_t axis, offset;
  /// Whether the result has the axis, with a size of 1.
  bool keepsAxis;
};
std::optional<StepRead> readAtStep(mlir::Operation *op, mlir::Value step);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_LOOPS_STEPINDEX_H
