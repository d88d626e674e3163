// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/loops/StepsAtOnce.h"

#include <limits>

using namespace mlir;

namespace heddle {

StepsAtOnce::StepsAtOnce(const LoopBody &body, OpBuilder &builder, bool anything)
    : body(body), builder(builder), loc(body.loop->getLoc()), anything(anything),
      batching(builder, body.length()), after(body.states), joined(body.states) {
  for (unsigned i = body.states; i < body.block.getNumArguments(); ++i)
    define(body.block.getArgument(i), body.loop->getOperand(i));
}

void StepsAtOnce::define(Value value, Value stacked) {
  batching.map(value, stacked);
  known.insert(value);
}

void StepsAtOnce::defineKept(unsigned state) {
  batching.mapShared(body.before(state), body.init(state));
  known.insert(body.before(state));
}

void StepsAtOnce::defineState(unsigned state, Value states) {
  after[state] = states;
  define(body.after(state), states);
}

Value StepsAtOnce::rows(Value value, int64_t first, int64_t end, const DimExpr &count) {
  Arithmetic m(builder, loc);
  Dims dims = dimsOf(value);
  dims[0] = count;
  return onnx::SliceOp::create(builder, loc, tensorWithDims(dims, elementOf(value)), value,
                               m.integers({first}), m.integers({end}), m.integers({0}), Value());
}

Value StepsAtOnce::withInitial(unsigned state) {
  if (!joined[state]) {
    Arithmetic m(builder, loc);
    joined[state] = m.joined(ValueRange{m.asRow(body.init(state)), after[state]}, 0);
  }
  return joined[state];
}

Value StepsAtOnce::last(unsigned state) {
  Arithmetic m(builder, loc);
  Value row = rows(withInitial(state), -1, std::numeric_limits<int64_t>::max(), 1);
  return m.viewedAs(row, dimsOf(body.init(state)));
}

LogicalResult StepsAtOnce::compute(Value value) {
  // What is needed and not known, then in the order of the body.
  SmallVector<Value> open = {value};
  llvm::SetVector<Operation *> needed;
  while (!open.empty()) {
    Value next = open.pop_back_val();
    if (known.contains(next))
      continue;
    if (auto argument = dyn_cast<BlockArgument>(next);
        argument && argument.getOwner() == &body.block) {
      unsigned state = argument.getArgNumber();
      if (!after[state]) {
        why = "a state is needed before it is known";
        return failure();
      }
      define(argument, rows(withInitial(state), 0, -1, body.length()));
      continue;
    }
    Operation *op = next.getDefiningOp();
    if (op && op->getBlock() == &body.block && needed.insert(op))
      llvm::append_range(open, usesOf(op));
  }
  SmallVector<Operation *> order = needed.takeVector();
  llvm::sort(order, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  for (Operation *op : order)
    if (failed(apply(op)))
      return failure();
  return success();
}

LogicalResult StepsAtOnce::apply(Operation *op) {
  if (op->getNumRegions() != 0 || failed(batching.apply(*op))) {
    why = describeNode(op) + " has no form for all steps at once";
    if (!anything || failed(applyMap(op)))
      return failure();
  }
  known.insert(op->result_begin(), op->result_end());
  return success();
}

/// The operation for each step, in any order.
LogicalResult StepsAtOnce::applyMap(Operation *op) {
  SmallVector<Value> inputs, elements;
  SmallVector<Type> results;
  for (Value used : usesOf(op))
    if (batching.isStacked(used)) {
      elements.push_back(used);
      inputs.push_back(batching.stacked(used));
    }
  for (Type type : op->getResultTypes()) {
    if (!body.isKnownOutside(type) || inputs.empty())
      return failure();
    results.push_back(stackedType(type, body.length()));
  }
  auto map = MapOp::create(builder, op->getLoc(), results, inputs);
  Block &block = map.getBody().emplaceBlock();
  IRMapping mapping;
  for (Value used : usesOf(op))
    if (!batching.isStacked(used))
      mapping.map(used, batching.shared(used));
  for (Value element : elements)
    mapping.map(element, block.addArgument(element.getType(), element.getLoc()));
  OpBuilder inside = OpBuilder::atBlockEnd(&block);
  Operation *copy = inside.clone(*op, mapping);
  YieldOp::create(inside, op->getLoc(), copy->getResults());
  for (auto [result, stacked] : llvm::zip(op->getResults(), map.getResults()))
    batching.map(result, stacked);
  return success();
}

} // namespace heddle
