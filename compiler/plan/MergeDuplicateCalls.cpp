// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Equal pure and read calls become one call.

#include "compiler/plan/PlanPasses.h"
#include "compiler/plan/PlanRules.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_MERGEDUPLICATECALLSPASS
#include "compiler/plan/PlanPasses.h.inc"

namespace {

struct MergeDuplicateCallsPass : impl::MergeDuplicateCallsPassBase<MergeDuplicateCallsPass> {
  void runOnOperation() override {
    PlanRules(getOperation())
        .forEach(Explanation::Kind::kMerged, [&](CallToolOp call, CallToolOp leader) {
          OpBuilder b(call);
          DuplicateOp::create(b, call.getLoc(), call.getType(), call.getIdAttr(), leader);
          call.getResult().replaceAllUsesWith(leader.getResult());
          call.erase();
          ++merged;
        });
  }
};

} // namespace
} // namespace heddle
