// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/scans/BatchedScan.h"

#include "compiler/parallel/batching/Batching.h"
#include "compiler/parallel/loops/ScanLoop.h"
#include "compiler/parallel/scans/InRange.h"

using namespace mlir;

namespace heddle {

static int64_t rowsIn(Value value) { return *dimsOf(value).front().asConstant(); }

BatchedScan::BatchedScan(ScanOp scan, int64_t chunk)
    : scan(scan), length(rowsIn(scan.getElements().front())), chunk(chunk), chunks(length / chunk),
      a(scan) {}

BatchedScan::~BatchedScan() = default;

/// A loop's body: what it yields are the states, and all of them are collected.
static void yieldTwice(Block &block, OpBuilder &b, Location loc, ArrayRef<Value> states) {
  SmallVector<Value> yielded(states);
  yielded.append(states.begin(), states.end());
  onnx::YieldOp::create(b, loc, yielded);
}

BatchedScan::Body BatchedScan::batched(Region &step, std::string &reason) {
  auto body = std::make_unique<Region>();
  Block *block = &body->emplaceBlock();
  OpBuilder b(step.getContext()); // the block is nowhere yet
  b.setInsertionPointToEnd(block);
  for (BlockArgument argument : step.getArguments())
    block->addArgument(stackedType(argument.getType(), chunks), a.loc);
  FailureOr<SmallVector<Value>> states =
      batchedBlock(b, step.front(), ValueRange(block->getArguments()), chunks, reason);
  if (failed(states))
    return nullptr;
  yieldTwice(*block, b, a.loc, *states);
  return body;
}

BatchedScan::Body BatchedScan::copied(Region &step) {
  auto body = std::make_unique<Region>();
  IRMapping mapping;
  step.cloneInto(body.get(), mapping);
  Operation *end = body->front().getTerminator();
  OpBuilder b(end);
  yieldTwice(body->front(), b, a.loc, SmallVector<Value>(end->getOperands()));
  end->erase();
  return body;
}

LogicalResult BatchedScan::prepare(std::string &reason) {
  combine = batched(scan.getCombine(), reason);
  if (combine)
    apply = batched(scan.getApply(), reason);
  return success(apply != nullptr);
}

/// The last states, then the states after each step.
SmallVector<Value> BatchedScan::loop(Body body, ValueRange states, ValueRange elements) {
  SmallVector<Type> types(states.getTypes());
  for (Type type : states.getTypes())
    types.push_back(stackedType(type, rowsIn(elements.front())));
  SmallVector<Value> operands(states);
  llvm::append_range(operands, elements);
  auto op = createScan(a.b, a.loc, types, operands, elements.size());
  op.getBody().takeBody(*body);
  return llvm::to_vector_of<Value>(op.getResults());
}

Value BatchedScan::withoutAxis(Value row) {
  Dims dims = dimsOf(row);
  dims.erase(dims.begin());
  return a.viewedAs(row, dims);
}

SmallVector<Value> BatchedScan::recurrent() {
  return loop(copied(scan.getApply()), scan.getInit(), scan.getElements());
}

SmallVector<Value> BatchedScan::build() {
  int64_t even = chunks * chunk;
  SmallVector<Value> main, first, others, rest;
  for (Value element : scan.getElements()) {
    Value part = a.sliced(element, 0, 0, even);
    Dims dims = dimsOf(part);
    dims.front() = chunk;
    dims.insert(dims.begin(), chunks);
    main.push_back(a.exchanged(a.viewedAs(part, dims), 0, 1)); // steps of chunks
    first.push_back(withoutAxis(a.sliced(main.back(), 0, 0, 1)));
    others.push_back(a.sliced(main.back(), 0, 1, chunk));
    if (even < length)
      rest.push_back(a.sliced(element, 0, even, length));
  }
  SmallVector<Value> totals = loop(std::move(combine), first, others);
  totals.truncate(main.size());
  SmallVector<Value> ends = loop(copied(scan.getApply()), scan.getInit(), totals);
  SmallVector<Value> found(ends);
  llvm::append_range(found, totals);
  return either(
      a, areBelow(a, found), scan.getResultTypes(), [&] { return fromEnds(ends, main, rest); },
      [&] { return recurrent(); });
}

/// From the states after each chunk, those after each step of it and of the rest.
SmallVector<Value> BatchedScan::fromEnds(ArrayRef<Value> ends, ValueRange main, ValueRange rest) {
  int64_t even = chunks * chunk;
  unsigned states = scan.getInit().size();
  SmallVector<Value> starts;
  for (unsigned i = 0; i < states; ++i)
    starts.push_back(a.joined(
        ValueRange{a.asRow(scan.getInit()[i]), a.sliced(ends[states + i], 0, 0, chunks - 1)}, 0));
  SmallVector<Value> all = loop(std::move(apply), starts, main);
  SmallVector<Value> results(ends.take_front(states));
  for (unsigned i = 0; i < states; ++i) {
    Dims dims = dimsOf(scan.getInit()[i]);
    dims.insert(dims.begin(), even);
    results.push_back(a.viewedAs(a.exchanged(all[states + i], 0, 1), dims));
  }
  if (rest.empty())
    return results;
  SmallVector<Value> tail =
      loop(copied(scan.getApply()), ArrayRef(results).take_front(states), rest);
  for (unsigned i = 0; i < states; ++i) {
    results[i] = tail[i];
    results[states + i] = a.joined(ValueRange{results[states + i], tail[states + i]}, 0);
  }
  return results;
}

} // namespace heddle
