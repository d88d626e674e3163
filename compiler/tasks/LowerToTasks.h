// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the parallel level to the task level: clusters become launches of kernels, other operations
// views, library calls and sub-graphs. The order of a block becomes tokens; a spawned region has an
// order of its own. What depends on constants only goes to the graph @constants, which the compiler
// runs once, and whose outputs become weights.

#ifndef HEDDLE_COMPILER_TASKS_LOWERTOTASKS_H
#define HEDDLE_COMPILER_TASKS_LOWERTOTASKS_H

#include "compiler/kernels/ClusterKernels.h"
#include "mlir/IR/BuiltinOps.h"

namespace heddle {

inline constexpr llvm::StringLiteral kMainGraph = "main";
inline constexpr llvm::StringLiteral kConstantsGraph = "constants";

/// Adds task graphs to `module` for its function @main, which is erased. Constants that
/// it computes may take `mostConstantBytes`.
mlir::LogicalResult lowerToTasks(mlir::ModuleOp module, ClusterKernels &kernels,
                                 int64_t mostConstantBytes);

} // namespace heddle

#endif // HEDDLE_COMPILER_TASKS_LOWERTOTASKS_H
