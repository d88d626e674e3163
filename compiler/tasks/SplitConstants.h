// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Moves the tasks that compute from constants alone into the graph @constants. What the main graph
// uses of them becomes an input of it, after the model's, until evaluateConstants puts the values in.

#ifndef HEDDLE_COMPILER_TASKS_SPLITCONSTANTS_H
#define HEDDLE_COMPILER_TASKS_SPLITCONSTANTS_H

#include "dialects/task/Task.h"

namespace heddle {

/// `constants` are the values of `main` that depend on nothing a caller gives.
void splitConstants(task::GraphOp main, const llvm::DenseSet<mlir::Value> &constants);

} // namespace heddle

#endif // HEDDLE_COMPILER_TASKS_SPLITCONSTANTS_H
