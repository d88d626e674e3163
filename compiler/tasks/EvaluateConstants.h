// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What can be computed while compiling is computed by the compiled code itself.

#ifndef HEDDLE_COMPILER_TASKS_EVALUATECONSTANTS_H
#define HEDDLE_COMPILER_TASKS_EVALUATECONSTANTS_H

#include "absl/status/status.h"
#include "compiler/codegen/NativeCode.h"
#include "dialects/task/Task.h"

namespace heddle {

/// Runs the graph @constants of the module, where there is one, and replaces the inputs of @main
/// that stand for its outputs by constants. The code must run on this machine.
absl::Status evaluateConstants(mlir::ModuleOp module, const codegen::NativeCode &code,
                               const codegen::Target &target);

} // namespace heddle

#endif // HEDDLE_COMPILER_TASKS_EVALUATECONSTANTS_H
