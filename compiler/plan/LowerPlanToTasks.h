// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A plan on the task level: a graph whose tasks are calls of tools.

#ifndef HEDDLE_COMPILER_PLAN_LOWERPLANTOTASKS_H
#define HEDDLE_COMPILER_PLAN_LOWERPLANTOTASKS_H

#include "mlir/IR/BuiltinOps.h"

namespace heddle {

/// Replaces @plan, whose order is written down and whose calls are not spawned, by a `task.graph`.
mlir::LogicalResult lowerPlanToTasks(mlir::ModuleOp module);

} // namespace heddle

#endif // HEDDLE_COMPILER_PLAN_LOWERPLANTOTASKS_H
