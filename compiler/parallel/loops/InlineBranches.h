// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// If in the body of a loop, where both branches are a few operations on elements that cannot fail: both
// are computed, and a Where chooses. So a loop's step is one list of operations, and a branch that
// says how to update a state is seen for what it is: a choice between two updates.

#ifndef HEDDLE_COMPILER_PARALLEL_LOOPS_INLINEBRANCHES_H
#define HEDDLE_COMPILER_PARALLEL_LOOPS_INLINEBRANCHES_H

#include "mlir/IR/Operation.h"

namespace heddle {

/// Of all loops in it; how many there were.
unsigned inlineBranches(mlir::Operation *root);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_LOOPS_INLINEBRANCHES_H
