// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A group of states as a scan, a linear attention, or a loop with nothing else in it.

#include "compiler/parallel/loops/DeclaredStep.h"
#include "compiler/parallel/loops/Raising.h"
#include "compiler/parallel/loops/ScanLoop.h"

using namespace mlir;

namespace heddle {

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
  noteFinding(scan, {.kind = "scan",
                     .summary = found.summary + " of " + body.length().str() + " steps",
                     .proof = found.proof,
                     .equivalence = found.exact ? Equivalence::Exact : Equivalence::Reassociation,
                     .form = ""});
  if (found.declared)
    scan->setAttr(kAssociative, builder.getUnitAttr());
  auto fill = [&](Region &region, ArrayRef<Type> x, ArrayRef<Type> y,
                  const Recurrence::Build &build) {
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

/// The value with its last two axes exchanged.
static Value turned(Arithmetic &m, Value value) {
  int64_t rank = dimsOf(value).size();
  return m.exchanged(value, rank - 1, rank - 2);
}

/// A linear attention for each value that reads the state.
LogicalResult Raising::emitProducts(StepsAtOnce &steps, Group &group) {
  const OuterProducts &found = *group.products;
  unsigned state = group.states.front();
  Arithmetic m(builder, loop.getLoc());
  Value init = found.transposed ? turned(m, body.init(state)) : body.init(state);
  Value last;
  auto attend = [&](Value query, bool before) -> Value {
    SmallVector<Value> operands = {query, found.key, found.value};
    for (Value &operand : operands) {
      if (failed(steps.compute(operand)))
        return {};
      operand = steps.stacked(operand);
    }
    operands.push_back(init);
    for (Value operand : {found.decay, found.rate}) {
      if (!operand)
        continue;
      if (failed(steps.compute(operand)))
        return {};
      operands.push_back(steps.stacked(operand));
    }
    OperationState op(loop.getLoc(), LinearAttentionOp::getOperationName());
    op.addOperands(operands);
    op.addTypes({operands[2].getType(), init.getType()});
    auto &properties = op.getOrAddProperties<LinearAttentionOp::Properties>();
    properties.update = builder.getStringAttr(found.delta ? "delta" : "add");
    properties.reads_before = before ? builder.getUnitAttr() : UnitAttr();
    properties.operandSegmentSizes = {1, 1, 1, 1, found.decay ? 1 : 0, found.rate ? 1 : 0};
    Operation *attention = builder.create(op);
    StringRef name = found.delta ? "delta rule" : found.decay ? "retention" : "linear attention";
    noteFinding(attention, {.kind = "scan",
                            .summary = (name + " of " + body.length().str() + " steps").str(),
                            .proof = found.proof,
                            .equivalence = Equivalence::Reassociation,
                            .form = ""});
    last = attention->getResult(1);
    return attention->getResult(0);
  };
  for (const OuterProducts::Read &read : found.reads) {
    Value output = attend(read.query, read.before);
    if (!output)
      return failure();
    Dims dims = dimsOf(read.result);
    dims.insert(dims.begin(), body.length());
    steps.define(read.result, m.viewedAs(output, dims));
  }
  if (found.reads.empty() && !attend(found.key, false))
    return failure();
  lasts[state] = found.transposed ? turned(m, last) : last;
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

  auto rest = createScan(builder, loop.getLoc(), results, operands,
                         operands.size() - component.init.size());
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

} // namespace heddle
