// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A loop is taken apart. What does not depend on a state is computed for all steps at once; then each
// group of states that depend on each other, in turn, as a scan where its steps compose, and as a loop
// of its own, with nothing else in it, where they do not; then what only reads the states, for all
// steps at once. Later groups see the states of earlier ones as they see inputs, so a normaliser
// beside a weighted sum, or a sum of sums, are scans one after the other.

#include "compiler/Passes.h"
#include "compiler/parallel/Constructs.h"
#include "compiler/parallel/loops/DeclaredStep.h"
#include "compiler/parallel/loops/Raising.h"
#include "compiler/parallel/loops/ScanLoop.h"
#include "compiler/parallel/loops/SplitProducts.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_RAISESCANSPASS
#include "compiler/Passes.h.inc"

/// Operations whose cost makes it worthwhile to compute them for all steps at once.
static bool isHeavy(Operation *op) {
  return isa<onnx::MatMulOp, onnx::GemmOp, onnx::ConvOp, onnx::EinsumOp>(op);
}

/// Decides what each group becomes. False where the loop is to stay as it is.
bool Raising::plan() {
  for (unsigned i = 0; i < body.states; ++i) {
    Type type = body.init(i).getType();
    if (body.before(i).getType() != type || body.after(i).getType() != type ||
        loop->getResult(i).getType() != type || !body.isKnownOutside(type)) {
      reason = "state " + std::to_string(i) + " changes its size from step to step";
      return false;
    }
  }
  for (Operation &op : body.block.without_terminator())
    if (!isMemoryEffectFree(&op) || isa<onnx::DropoutOp>(op)) {
      reason = describeNode(&op) + " does something in each step besides its results";
      return false;
    }
  bool gains = false, sequential = false, heavy = false;
  for (ArrayRef<unsigned> states : body.groups()) {
    Group group{Group::Sequential, states, body.component(states), std::nullopt, std::nullopt, ""};
    unsigned first = states.front();
    Refusal refusal;
    if (states.size() == 1 && body.after(first) == body.before(first)) {
      group.kind = Group::Kept;
    } else if (states.size() == 1 && !body.depends(body.after(first), first)) {
      group.kind = Group::Delayed;
      gains = true;
    } else if (states.size() == 1 && outerProducts &&
               (group.products = findOuterProducts(body, first))) {
      group.kind = Group::Read;
      gains = true;
    } else if ((group.recurrence = findRecurrence(group.component, refusal))) {
      // Without parameters, each step gives the state as it was.
      group.kind = group.recurrence->elements.empty() ? Group::Kept : Group::Composed;
      gains |= group.kind == Group::Composed;
    } else {
      group.reason = describeNode(refusal.op) + " " + refusal.why;
      if (reason.empty())
        reason = group.reason;
      sequential = true;
    }
    groups.push_back(std::move(group));
  }
  if (sequential && isDeclaredAssociative(loop))
    return takeDeclared();
  if (gains || !sequential)
    return gains;
  // Nothing composes: worthwhile where a product does not depend on what has to wait.
  for (Operation &op : body.block.without_terminator()) {
    bool waits = llvm::any_of(
        groups, [&](const Group &group) { return llvm::is_contained(group.component.steps, &op); });
    bool varies = llvm::any_of(
        op.getOperands(), [&](Value operand) { return operand.getParentBlock() == &body.block; });
    heavy |= !waits && varies && isHeavy(&op);
  }
  return heavy;
}

/// The whole step as one that the user says to compose. False where it has not the form for it.
bool Raising::takeDeclared() {
  std::string why;
  std::optional<Recurrence> declared = findDeclared(body, why);
  if (!declared) {
    reason = describeNode(loop) + " " + why;
    return false;
  }
  allStates = llvm::to_vector(llvm::seq(body.states));
  groups.clear();
  groups.push_back({Group::Composed, allStates, body.component(allStates), std::move(declared),
                    std::nullopt, ""});
  return true;
}

LogicalResult Raising::emit(bool anything) {
  StepsAtOnce steps(body, builder, anything);
  auto fail = [&] {
    if (!steps.reason().empty())
      reason = steps.reason();
    return failure();
  };
  lasts.resize(body.states);
  for (Group &group : groups)
    if (group.kind == Group::Kept) {
      steps.defineKept(group.states.front());
      lasts[group.states.front()] = body.init(group.states.front());
    }
  for (Group &group : groups) {
    unsigned first = group.states.front();
    switch (group.kind) {
    case Group::Kept:
      break;
    case Group::Delayed:
      if (failed(steps.compute(body.after(first))))
        return fail();
      steps.defineState(first, steps.stacked(body.after(first)));
      lasts[first] = steps.last(first);
      break;
    case Group::Read:
      if (failed(emitProducts(steps, group)))
        return fail();
      break;
    case Group::Composed:
      if (failed(emitScan(steps, group)))
        return fail();
      break;
    case Group::Sequential:
      if (failed(emitLoop(steps, group)))
        return fail();
      break;
    }
  }
  SmallVector<Value> results(lasts);
  for (unsigned i = body.states; i < loop->getNumResults(); ++i) {
    Value yielded = body.end()->getOperand(i);
    if (loop->getResult(i).use_empty()) {
      results.push_back({});
      continue;
    }
    if (failed(steps.compute(yielded)))
      return fail();
    results.push_back(steps.stacked(yielded));
  }
  for (auto [result, value] : llvm::zip(loop->getResults(), results))
    if (value && value.getType() != result.getType()) {
      reason = "it collects values whose sizes differ from step to step";
      return failure();
    }
  record();
  for (auto [result, value] : llvm::zip(loop->getResults(), results))
    if (value)
      result.replaceAllUsesWith(value);
  loop.erase();
  return success();
}

void Raising::record() {
  for (const Group &group : groups)
    if (group.kind == Group::Sequential)
      recordSequential(loop, group.reason);
}

/// Of a loop that stays: parameters that were built in it.
void Raising::dropParameters() {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body.block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

bool Raising::run() {
  if (ScanLoop scan(loop); !scan.isNormal()) {
    reason = scan.hasOneLength() ? "its inputs are not along axis 0, forward"
                                 : "its inputs are not known to be of one length";
    return false;
  }
  if (body.states == 0)
    return false; // no recurrence
  bool composes = false;
  if (plan()) {
    composes = llvm::any_of(groups, [](const Group &group) {
      return group.kind == Group::Composed || group.kind == Group::Delayed;
    });
    if (succeeded(emit(/*anything=*/composes)))
      return true;
    undo.undo();
  }
  dropParameters();
  return false;
}

namespace {

struct RaiseScans : impl::RaiseScansPassBase<RaiseScans> {
  using RaiseScansPassBase::RaiseScansPassBase;

  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      if (isa<onnx::LSTMOp, onnx::GRUOp, onnx::RNNOp>(op))
        recordSequential(op, describeNode(op) +
                                 " has gates that are not linear in its state; its "
                                 "products with the inputs are one matrix product over all steps");
    });
    // Loops inside of others first, as they are then no longer loops.
    SmallVector<onnx::ScanOp> found;
    getOperation().walk([&](onnx::ScanOp loop) { found.push_back(loop); });
    for (onnx::ScanOp loop : found) {
      if (ScanLoop(loop).isNormal())
        splitProducts(loop);
      Raising raising(loop, outerProducts);
      if (raising.run()) {
        numScans += raising.scans;
        numLoops += raising.loops;
      } else if (!raising.reason.empty()) {
        recordSequential(loop, raising.reason);
      }
    }
  }
};

} // namespace
} // namespace heddle
