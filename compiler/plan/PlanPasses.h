// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The passes on plans; PlanPasses.td says what each does.

#ifndef HEDDLE_COMPILER_PLAN_PLANPASSES_H
#define HEDDLE_COMPILER_PLAN_PLANPASSES_H

#include "dialects/heddle/Heddle.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir {
class OpPassManager;
}

namespace heddle {

#define GEN_PASS_DECL
#include "compiler/plan/PlanPasses.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/plan/PlanPasses.h.inc"

/// All of them, in order; for the task level, whose tasks run beside each other anyway, without the
/// last.
void buildPlanPipeline(mlir::OpPassManager &passes, bool spawn);

} // namespace heddle

#endif // HEDDLE_COMPILER_PLAN_PLANPASSES_H
