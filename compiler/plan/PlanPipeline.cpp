// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/plan/PlanPasses.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace heddle {

void buildPlanPipeline(OpPassManager &passes, bool spawn) {
  OpPassManager &plans = passes.nest<func::FuncOp>();
  plans.addPass(createFoldCallsPass());
  plans.addPass(createMergeDuplicateCallsPass());
  plans.addPass(createDropDeadCallsPass());
  plans.addPass(createOrderEffectsPass());
  plans.addPass(createMarkBatchesPass());
  if (spawn)
    plans.addPass(createSpawnCallsPass());
}

} // namespace heddle
