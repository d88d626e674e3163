// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A loop is taken apart. What does not depend on a state is computed for all steps at once; then each
// group of states that depend on each other, in turn, as a scan where its steps compose, and as a loop
// of its own, with nothing else in it, where they do not; then what only reads the states, for all
// steps at once. Later groups see the states of earlier ones as they see inputs, so a normaliser
// beside a weighted sum, or a sum of sums, are scans one after the other.

#include "compiler/Passes.h"
#include "compiler/parallel/Constructs.h"
#include "compiler/parallel/StepsAtOnce.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_RAISESCANSPASS
#include "compiler/Passes.h.inc"

namespace {

struct Group {
  enum Kind { Kept, Delayed, Composed, Sequential } kind;
  ArrayRef<unsigned> states;
  Component component;
  std::optional<Recurrence> recurrence;
  std::string reason;
};

/// Remembers what is built, to take it back.
struct Undo : OpBuilder::Listener {
  void notifyOperationInserted(Operation *op, OpBuilder::InsertPoint) override {
    built.push_back(op);
  }
  void undo() {
    for (Operation *op : llvm::reverse(built))
      op->erase();
    built.clear();
  }
  SmallVector<Operation *> built;
};

/// Operations whose cost makes it worthwhile to compute them for all steps at once.
bool isHeavy(Operation *op) {
  return isa<onnx::MatMulOp, onnx::GemmOp, onnx::ConvOp, onnx::EinsumOp>(op);
}

class Raising {
public:
  explicit Raising(onnx::ScanOp loop) : loop(loop), body(loop), builder(loop, &undo) {}

  /// Whether the loop was replaced; if not, `reason` says why.
  bool run();
  std::string reason;
  unsigned scans = 0, loops = 0;

private:
  bool plan();
  LogicalResult emit(bool anything);
  LogicalResult emitScan(StepsAtOnce &steps, Group &group);
  LogicalResult emitLoop(StepsAtOnce &steps, Group &group);
  void record();
  void dropParameters();
  Block *addRegion(Region &region, ArrayRef<Type> arguments);

  onnx::ScanOp loop;
  LoopBody body;
  Undo undo;
  OpBuilder builder;
  std::vector<Group> groups;
  SmallVector<Value> lasts;
};

bool isNormal(onnx::ScanOp loop) {
  auto zeros = [](std::optional<ArrayRef<int64_t>> list) {
    return !list || llvm::all_of(*list, [](int64_t value) { return value == 0; });
  };
  return zeros(loop.getScanInputAxes()) && zeros(loop.getScanInputDirections()) &&
         zeros(loop.getScanOutputAxes()) && zeros(loop.getScanOutputDirections());
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
  bool gains = false, sequential = false, heavy = false;
  for (ArrayRef<unsigned> states : body.groups()) {
    Group group{Group::Sequential, states, body.component(states), std::nullopt, ""};
    unsigned first = states.front();
    Refusal refusal;
    if (states.size() == 1 && body.after(first) == body.before(first)) {
      group.kind = Group::Kept;
    } else if (states.size() == 1 && !body.depends(body.after(first), first)) {
      group.kind = Group::Delayed;
      gains = true;
    } else if ((group.recurrence = findRecurrence(group.component, refusal))) {
      group.kind = Group::Composed;
      gains = true;
    } else {
      group.reason = describeNode(refusal.op) + " " + refusal.why;
      if (reason.empty())
        reason = group.reason;
      sequential = true;
    }
    groups.push_back(std::move(group));
  }
  if (gains || !sequential)
    return gains;
  // Nothing composes: worthwhile where a product does not depend on what has to wait.
  for (Operation &op : body.block.without_terminator()) {
    bool waits = llvm::any_of(groups, [&](const Group &group) {
      return llvm::is_contained(group.component.steps, &op);
    });
    bool varies = llvm::any_of(
        op.getOperands(), [&](Value operand) { return operand.getParentBlock() == &body.block; });
    heavy |= !waits && varies && isHeavy(&op);
  }
  return heavy;
}

Block *Raising::addRegion(Region &region, ArrayRef<Type> arguments) {
  Block *block = &region.emplaceBlock();
  for (Type type : arguments)
    block->addArgument(type, loop.getLoc());
  return block;
}

LogicalResult Raising::emitScan(StepsAtOnce &steps, Group &group) {
  Recurrence &found = *group.recurrence;
  SmallVector<Value> elements, init(group.component.init);
  SmallVector<Type> element, state, results;
  for (Value value : found.elements) {
    if (failed(steps.compute(value)))
      return failure();
    elements.push_back(steps.stacked(value));
    element.push_back(value.getType());
  }
  for (Value value : init)
    state.push_back(value.getType());
  results = state;
  for (Type type : state)
    results.push_back(stackedType(type, body.length()));
  auto scan = ScanOp::create(builder, loop.getLoc(), results, init, elements, StringAttr());
  auto fill = [&](Region &region, ArrayRef<Type> x, ArrayRef<Type> y, const Recurrence::Build &build) {
    SmallVector<Type> arguments(x);
    llvm::append_range(arguments, y);
    Block *block = addRegion(region, arguments);
    OpBuilder inside = OpBuilder::atBlockEnd(block);
    Arithmetic m(inside, loop.getLoc());
    ValueRange values = block->getArguments();
    YieldOp::create(inside, loop.getLoc(),
                    build(m, values.take_front(x.size()), values.drop_front(x.size())));
  };
  fill(scan.getApply(), state, element, found.apply);
  fill(scan.getCombine(), element, element, found.combine);
  for (auto [i, index] : llvm::enumerate(group.states)) {
    steps.defineState(index, scan.getStates()[i]);
    lasts[index] = scan.getLast()[i];
  }
  ++scans;
  return success();
}

/// The loop over the group alone. It gives the states, and what others use of its steps.
LogicalResult Raising::emitLoop(StepsAtOnce &steps, Group &group) {
  const Component &component = group.component;
  DenseSet<Operation *> inside(component.steps.begin(), component.steps.end());
  llvm::SetVector<Value> inputs, outputs;
  IRMapping mapping;
  auto isOwn = [&](Value value) {
    return llvm::is_contained(component.before, value) ||
           (value.getDefiningOp() && inside.contains(value.getDefiningOp()));
  };
  auto take = [&](Value value) -> LogicalResult {
    if (isOwn(value) || value.getParentBlock() != &body.block)
      return success();
    if (failed(steps.compute(value)))
      return failure();
    if (steps.isStacked(value))
      inputs.insert(value);
    else
      mapping.map(value, steps.shared(value));
    return success();
  };
  for (Operation *op : component.steps) {
    for (Value used : usesOf(op))
      if (failed(take(used)))
        return failure();
    for (Value result : op->getResults())
      for (OpOperand &use : result.getUses()) {
        Operation *user = body.block.findAncestorOpInBlock(*use.getOwner());
        if (!inside.contains(user) &&
            !(user == body.end() && llvm::is_contained(group.states, use.getOperandNumber())))
          outputs.insert(result);
      }
  }
  for (Value value : component.after) {
    if (failed(take(value)))
      return failure();
    outputs.insert(value);
  }
  SmallVector<Value> operands(component.init);
  for (Value input : inputs)
    operands.push_back(steps.stacked(input));
  if (inputs.empty())
    operands.push_back(loop->getOperand(body.states)); // which says how many steps there are
  SmallVector<Type> results;
  for (Value init : component.init)
    results.push_back(init.getType());
  for (Value output : outputs) {
    if (!body.isKnownOutside(output.getType())) {
      reason = "it makes values whose sizes differ from step to step";
      return failure();
    }
    results.push_back(stackedType(output.getType(), body.length()));
  }

  auto rest = onnx::ScanOp::create(builder, loop.getLoc(), results, operands,
                                   operands.size() - component.init.size(), nullptr, nullptr,
                                   nullptr, nullptr);
  Block *block = &rest.getBody().emplaceBlock();
  for (Value value : component.before)
    mapping.map(value, block->addArgument(value.getType(), value.getLoc()));
  for (Value input : inputs)
    mapping.map(input, block->addArgument(input.getType(), input.getLoc()));
  if (inputs.empty())
    block->addArgument(body.block.getArgument(body.states).getType(), loop.getLoc());
  OpBuilder in = OpBuilder::atBlockEnd(block);
  for (Operation *op : component.steps)
    in.clone(*op, mapping);
  SmallVector<Value> yielded;
  for (Value value : component.after)
    yielded.push_back(mapping.lookupOrDefault(value));
  for (Value value : outputs)
    yielded.push_back(mapping.lookupOrDefault(value));
  onnx::YieldOp::create(in, loop.getLoc(), yielded);
  for (auto [i, value] : llvm::enumerate(outputs))
    steps.define(value, rest->getResult(component.init.size() + i));
  for (auto [i, index] : llvm::enumerate(group.states)) {
    steps.defineState(index, steps.stacked(body.after(index)));
    lasts[index] = rest->getResult(i);
  }
  ++loops;
  return success();
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
  DimExpr length = body.length();
  for (Group &group : groups) {
    if (group.kind == Group::Sequential)
      recordSequential(loop, group.reason);
    if (group.kind != Group::Composed)
      continue;
    const Recurrence &found = *group.recurrence;
    DimExpr width = countElements(dimsOf(group.component.init[0]));
    recordConstruct(
        loop, {.kind = "scan",
               .summary = found.summary + " of " + length.str() + " steps",
               .proof = found.proof,
               .equivalence = found.exact ? Equivalence::Exact : Equivalence::Reassociation,
               .form = "",
               .work = length * width * found.operations,
               .span = (logarithm(length) + 1) * found.operations});
  }
}

/// Of a loop that stays: parameters that were built in it.
void Raising::dropParameters() {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body.block.without_terminator())))
    if (isOpTriviallyDead(&op))
      op.erase();
}

bool Raising::run() {
  if (!isNormal(loop)) {
    reason = "its inputs are not along axis 0, forward";
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

struct RaiseScans : impl::RaiseScansPassBase<RaiseScans> {
  void runOnOperation() override {
    // Loops inside of others first, as they are then no longer loops.
    SmallVector<onnx::ScanOp> found;
    getOperation().walk([&](onnx::ScanOp loop) { found.push_back(loop); });
    for (onnx::ScanOp loop : found) {
      Raising raising(loop);
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
