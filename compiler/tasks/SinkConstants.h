// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constants that sub-graphs capture become constants of theirs. They lie among the same weights, and
// a run of the sub-graph neither hands them over nor looks where they are.

#ifndef HEDDLE_COMPILER_TASKS_SINKCONSTANTS_H
#define HEDDLE_COMPILER_TASKS_SINKCONSTANTS_H

#include "dialects/task/Task.h"
#include "mlir/IR/BuiltinOps.h"

namespace heddle {

/// Sinks those of `graph` into all graphs of `module` that it runs. They stay captures that are not
/// read (UnusedTasks.h).
void sinkConstants(mlir::ModuleOp module, task::GraphOp graph);

} // namespace heddle

#endif // HEDDLE_COMPILER_TASKS_SINKCONSTANTS_H
