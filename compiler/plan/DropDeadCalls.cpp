// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pure calls that nothing needs are dropped.

#include "compiler/plan/PlanPasses.h"
#include "compiler/plan/PlanRules.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_DROPDEADCALLSPASS
#include "compiler/plan/PlanPasses.h.inc"

namespace {

struct DropDeadCallsPass : impl::DropDeadCallsPassBase<DropDeadCallsPass> {
  void runOnOperation() override {
    SmallVector<CallToolOp> dead;
    PlanRules(getOperation())
        .forEach(Explanation::Kind::kDropped,
                 [&](CallToolOp call, CallToolOp) { dead.push_back(call); });
    // A later call may use an earlier one, and dead calls may be waited for.
    for (CallToolOp call : llvm::reverse(dead)) {
      for (Operation *user : llvm::make_early_inc_range(call->getUsers()))
        stopWaiting(user, call.getResult());
      call.erase();
      ++dropped;
    }
  }

  static void stopWaiting(Operation *user, Value value) {
    auto call = cast<CallToolOp>(user);
    SmallVector<Value> after;
    for (Value other : call.getAfter())
      if (other != value)
        after.push_back(other);
    call.getAfterMutable().assign(after);
  }
};

} // namespace
} // namespace heddle
