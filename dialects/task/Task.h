// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The task level: dialect, types and operations of the executable graph.

#ifndef HEDDLE_DIALECTS_TASK_TASK_H
#define HEDDLE_DIALECTS_TASK_TASK_H

#include "dialects/heddle/Heddle.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"

#include "dialects/task/TaskDialect.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/task/TaskTypes.h.inc"

#include "dialects/task/TaskInterfaces.h.inc"

#define GET_OP_CLASSES
#include "dialects/task/TaskOps.h.inc"

namespace heddle::task {

/// The graphs that a task runs, symbols of `module`, in its order.
llvm::SmallVector<GraphOp> graphsOf(mlir::ModuleOp module, ControlOp control);

} // namespace heddle::task

#endif // HEDDLE_DIALECTS_TASK_TASK_H
