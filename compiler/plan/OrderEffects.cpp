// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order that effects demand becomes operands.

#include "compiler/plan/PlanPasses.h"
#include "compiler/plan/PlanRules.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_ORDEREFFECTSPASS
#include "compiler/plan/PlanPasses.h.inc"

namespace {

struct OrderEffectsPass : impl::OrderEffectsPassBase<OrderEffectsPass> {
  void runOnOperation() override {
    PlanRules(getOperation())
        .forEach(Explanation::Kind::kOrdered, [&](CallToolOp call, CallToolOp before) {
          if (llvm::is_contained(call->getOperands(), before.getResult()))
            return;
          call.getAfterMutable().append(before.getResult());
          ++ordered;
        });
  }
};

} // namespace
} // namespace heddle
