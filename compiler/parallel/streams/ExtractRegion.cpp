// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A region of equal sub-graphs becomes one operation.

#include "compiler/parallel/streams/StreamRegion.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace heddle {

StreamsOp StreamRegion::extract() {
  // Operations of the first stream in their order, and the place behind all streams.
  SmallVector<unsigned> order;
  Operation *last = nullptr, *first = nullptr;
  for (Operation &op : block)
    if (auto inside = place.find(&op); inside != place.end()) {
      if (inside->second.stream == 0)
        order.push_back(inside->second.bundle);
      first = first ? first : &op;
      last = &op;
    }
  // What reads the region and stands before its end goes behind it.
  SmallVector<Operation *> moved;
  DenseSet<Operation *> behind;
  for (auto &[op, at] : place)
    behind.insert(op);
  for (Operation &op : llvm::make_range(first->getIterator(), last->getIterator()))
    if (!isInside(&op) && dependsOn(&op, behind)) {
      if (!isMemoryEffectFree(&op))
        return {};
      behind.insert(&op);
      moved.push_back(&op);
    }
  // What each stream takes from outside, and what of it is used there.
  llvm::MapVector<SmallVector<Value>, Value> inputs;
  SmallVector<SmallVector<Value>> results;
  auto isInput = [&](ArrayRef<Value> values) {
    return !isShared(values) &&
           !(values.front().getDefiningOp() && isInside(values.front().getDefiningOp()));
  };
  for (unsigned bundle : order) {
    Operation *op = bundles[bundle].front();
    for (unsigned i = 0; i < op->getNumOperands(); ++i)
      if (SmallVector<Value> values = operandsOf(bundles[bundle], i); isInput(values))
        inputs.insert({values, Value()});
    for (unsigned i = 0; i < op->getNumResults(); ++i) {
      SmallVector<Value> values = resultsOf(bundles[bundle], i);
      if (llvm::any_of(values, [&](Value value) {
            return llvm::any_of(value.getUsers(), [&](Operation *user) { return !isInside(user); });
          }))
        results.push_back(values);
    }
  }
  SmallVector<Value> operands;
  SmallVector<Type> types;
  for (unsigned stream = 0; stream < count; ++stream) {
    for (auto &[values, argument] : inputs)
      operands.push_back(values[stream]);
    for (const SmallVector<Value> &values : results)
      types.push_back(values[stream].getType());
  }
  SmallVector<Location> locations;
  for (unsigned bundle : order)
    locations.push_back(bundles[bundle].front()->getLoc());
  OpBuilder b(block.getParentOp()->getContext());
  b.setInsertionPointAfter(last);
  auto streams = StreamsOp::create(b, b.getFusedLoc(locations), types, count, operands);
  for (Operation *op : llvm::reverse(moved))
    op->moveAfter(streams);
  Block *body = &streams.getBody().emplaceBlock();
  for (auto &[values, argument] : inputs)
    argument = body->addArgument(values.front().getType(), values.front().getLoc());
  b.setInsertionPointToEnd(body);
  IRMapping mapping; // of the first stream's values
  for (unsigned bundle : order) {
    Operation *op = bundles[bundle].front(), *copy = b.clone(*op);
    for (unsigned i = 0; i < op->getNumOperands(); ++i) {
      SmallVector<Value> values = operandsOf(bundles[bundle], i);
      if (isInput(values))
        copy->setOperand(i, inputs.lookup(values));
      else if (!isShared(values))
        copy->setOperand(i, mapping.lookup(values.front()));
    }
    mapping.map(op->getResults(), copy->getResults());
  }
  SmallVector<Value> yielded;
  for (const SmallVector<Value> &values : results)
    yielded.push_back(mapping.lookup(values.front()));
  YieldOp::create(b, streams.getLoc(), yielded);
  for (auto [i, values] : llvm::enumerate(results))
    for (unsigned stream = 0; stream < count; ++stream)
      values[stream].replaceAllUsesWith(streams.getResult(stream * results.size() + i));
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isInside(&op))
      op.erase();
  return streams;
}

} // namespace heddle
