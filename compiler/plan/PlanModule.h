// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plans as modules of the heddle dialect, and back: `heddle.tool` for every tool a plan calls, and
// @plan with its calls in the order of the text. Passes look at plans in both forms: the rules of
// what may be merged, dropped or reordered are runtime/plan's, which has no MLIR.

#ifndef HEDDLE_COMPILER_PLAN_PLANMODULE_H
#define HEDDLE_COMPILER_PLAN_PLANMODULE_H

#include "dialects/heddle/Heddle.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "runtime/plan/plan.h"
#include "runtime/tools/tool.h"

#include <functional>

namespace heddle {

/// The description of a tool by its name; null where there is none.
using DescriptionOf = std::function<const ToolDescription *(const std::string &)>;

/// A checked plan as a module; fails with a diagnostic where the plan has what MLIR cannot hold (a
/// member without a name).
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>>
importPlan(mlir::MLIRContext &context, const Plan &plan, const DescriptionOf &descriptionOf);

/// The calls of `function` in order. Members of objects are in the order of their names.
Plan exportPlan(mlir::func::FuncOp function);

/// What a tool's declaration says of it, without its schema.
ToolDescription exportTool(ToolOp tool);

} // namespace heddle

#endif // HEDDLE_COMPILER_PLAN_PLANMODULE_H
