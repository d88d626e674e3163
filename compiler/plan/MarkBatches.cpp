// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls that become ready together for a tool that takes batches.

#include "compiler/plan/PlanPasses.h"
#include "compiler/plan/PlanRules.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_MARKBATCHESPASS
#include "compiler/plan/PlanPasses.h.inc"

namespace {

struct MarkBatchesPass : impl::MarkBatchesPassBase<MarkBatchesPass> {
  void runOnOperation() override {
    PlanRules(getOperation())
        .forEach(Explanation::Kind::kBatched, [&](CallToolOp call, CallToolOp first) {
          for (CallToolOp member : {call, first})
            member->setAttr("batch", first.getIdAttr());
          ++batched;
        });
  }
};

} // namespace
} // namespace heddle
