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

/// A read of a tensor from outside the loop at the step.
struct StepRead {
  mlir::Operation *op;
  mlir::Value data;
  int64_t axis;
  /// Whether the result has the axis, with a size of 1.
  bool keepsAxis;
};
std::optional<StepRead> readAtStep(mlir::Operation *op, mlir::Value step);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_LOOPS_STEPINDEX_H
