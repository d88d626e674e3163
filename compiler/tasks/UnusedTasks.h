// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Takes out of graphs what nobody reads.

#ifndef HEDDLE_COMPILER_TASKS_UNUSEDTASKS_H
#define HEDDLE_COMPILER_TASKS_UNUSEDTASKS_H

#include "dialects/task/Task.h"
#include "mlir/IR/BuiltinOps.h"

namespace heddle {

/// Tasks that came after `task` in order come after what this one came after.
void bypass(task::TaskInterface task);

/// Erases launches, views and constants that nothing reads, from `graph` and from those of `module` that
/// it runs, and captures that these do not read: sizes that only views were made with, for instance.
/// Calls and sub-graphs may have effects, and tell sizes, as captures of unknown sizes do.
void eraseUnused(mlir::ModuleOp module, task::GraphOp graph);

} // namespace heddle

#endif // HEDDLE_COMPILER_TASKS_UNUSEDTASKS_H
