// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Spawns the calls that may run beside others. By now operands say all there is to say of the order,
// so a call that some later one does not depend on may run beside that one.

#include "compiler/plan/PlanPasses.h"
#include "llvm/ADT/BitVector.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_SPAWNCALLSPASS
#include "compiler/plan/PlanPasses.h.inc"

namespace {

struct SpawnCallsPass : impl::SpawnCallsPassBase<SpawnCallsPass> {
  void runOnOperation() override {
    SmallVector<CallToolOp> calls(getOperation().getOps<CallToolOp>());
    llvm::BitVector besideOthers = callsBesideOthers(calls);
    for (auto [i, call] : llvm::enumerate(calls))
      if (besideOthers.test(i)) {
        spawn(call);
        ++spawned;
      }
  }

  static llvm::BitVector callsBesideOthers(ArrayRef<CallToolOp> calls) {
    llvm::DenseMap<Operation *, unsigned> index;
    std::vector<llvm::BitVector> ancestors;
    llvm::BitVector beside(calls.size());
    for (auto [i, call] : llvm::enumerate(calls)) {
      llvm::BitVector before(calls.size());
      for (Value operand : call->getOperands())
        if (auto found = index.find(operand.getDefiningOp()); found != index.end()) {
          before |= ancestors[found->second];
          before.set(found->second);
        }
      for (unsigned earlier = 0; earlier < i; ++earlier)
        if (!before.test(earlier)) {
          beside.set(earlier);
          beside.set(i);
        }
      index[call] = i;
      ancestors.push_back(std::move(before));
    }
    return beside;
  }

  /// Moves the call into a region of its own; whoever uses its result awaits it first, inside its own
  /// region where it has one.
  static void spawn(CallToolOp call) {
    OpBuilder b(call);
    auto future = FutureType::get(b.getContext(), call.getType());
    auto spawned = SpawnOp::create(b, call.getLoc(), TypeRange(future));
    Block &body = spawned.getBody().emplaceBlock();
    SmallVector<Operation *> awaited;
    for (Value operand : call->getOperands())
      if (auto await = operand.getDefiningOp<AwaitOp>(); await && await->hasOneUse())
        awaited.push_back(await);
    for (Operation *await : awaited)
      await->moveBefore(&body, body.end());
    for (Operation *user : llvm::SetVector<Operation *>(call->user_begin(), call->user_end())) {
      b.setInsertionPoint(user);
      auto await = AwaitOp::create(b, call.getLoc(), call.getType(), spawned.getFutures()[0]);
      user->replaceUsesOfWith(call.getResult(), await.getValue());
    }
    call->moveBefore(&body, body.end());
    b.setInsertionPointToEnd(&body);
    YieldOp::create(b, call.getLoc(), call.getResult());
  }
};

} // namespace
} // namespace heddle
