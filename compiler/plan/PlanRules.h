// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the rules of runtime/plan say of a function's calls, with the operations they speak of.

#ifndef HEDDLE_COMPILER_PLAN_PLANRULES_H
#define HEDDLE_COMPILER_PLAN_PLANRULES_H

#include "compiler/plan/PlanModule.h"
#include "runtime/plan/explain.h"

namespace heddle {

class PlanRules {
public:
  explicit PlanRules(mlir::func::FuncOp function);

  /// Calls `apply` for every decision of this kind, in the order of the calls; the second operation
  /// is null where the decision is about one call.
  void forEach(Explanation::Kind kind,
               llvm::function_ref<void(CallToolOp call, CallToolOp other)> apply) const;

private:
  llvm::DenseMap<CallId, CallToolOp> calls;
  PlanExplanation explanation;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PLAN_PLANRULES_H
