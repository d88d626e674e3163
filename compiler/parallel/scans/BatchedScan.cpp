// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/scans/BatchedScan.h"

#include "compiler/parallel/batching/Batching.h"
#include "compiler/parallel/loops/ScanLoop.h"

using namespace mlir;

namespace heddle {

static int64_t rowsIn(Value value) { return *dimsOf(value).front().asConstant(); }

BatchedScan::BatchedScan(ScanOp scan, int64_t chunk)
    : scan(scan), length(rowsIn(scan.getElements().front())), chunk(chunk),
      chunks(length / chunk), a(scan) {}

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
  Batching batching(b, chunks);
  for (BlockArgument argument : step.getArguments())
    batching.map(argument, block->addArgument(stackedType(argument.getType(), chunks), a.loc));
  for (Operation &op : step.front().without_terminator())
    if (failed(batching.apply(op))) {
      reason = batching.reason();
      return nullptr;
    }
  SmallVector<Value> states;
  for (Value value : step.front().getTerminator()->getOperands())
    states.push_back(batching.stacked(value));
  yieldTwice(*block, b, a.loc, states);
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

Value BatchedScan::slice(Value value, int64_t from, int64_t to) {
  Dims dims = dimsOf(value);
  dims.front() = to - from;
  return onnx::SliceOp::create(a.b, a.loc, tensorWithDims(dims, elementOf(value)), value,
                               a.integers({from}), a.integers({to}), a.integers({0}),
                               a.integers({1}));
}

Value BatchedScan::joined(Value first, Value second) {
  Dims dims = dimsOf(first);
  dims.front() = dims.front() + dimsOf(second).front();
  return onnx::ConcatOp::create(a.b, a.loc, tensorWithDims(dims, elementOf(first)),
                                ValueRange{first, second}, /*axis=*/0);
}

Value BatchedScan::withoutAxis(Value row) {
  Dims dims = dimsOf(row);
  dims.erase(dims.begin());
  return a.viewedAs(row, dims);
}

Value BatchedScan::withAxis(Value value) {
  Dims dims = dimsOf(value);
  dims.insert(dims.begin(), 1);
  return a.viewedAs(value, dims);
}

/// With the first two axes the other way around: steps of chunks and chunks of a step.
Value BatchedScan::swapped(Value value) {
  Dims dims = dimsOf(value);
  std::swap(dims[0], dims[1]);
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, dims.size()));
  std::swap(order[0], order[1]);
  return onnx::TransposeOp::create(a.b, a.loc, tensorWithDims(dims, elementOf(value)), value,
                                   a.b.getDenseI64ArrayAttr(order));
}

SmallVector<Value> BatchedScan::build() {
  int64_t even = chunks * chunk;
  SmallVector<Value> main, first, others, rest, starts;
  for (Value element : scan.getElements()) {
    Value part = even == length ? element : slice(element, 0, even);
    Dims dims = dimsOf(part);
    dims.front() = chunk;
    dims.insert(dims.begin(), chunks);
    main.push_back(swapped(a.viewedAs(part, dims)));
    first.push_back(withoutAxis(slice(main.back(), 0, 1)));
    others.push_back(slice(main.back(), 1, chunk));
    if (even < length)
      rest.push_back(slice(element, even, length));
  }
  unsigned states = scan.getInit().size();
  SmallVector<Value> totals = loop(std::move(combine), first, others);
  totals.truncate(main.size());
  SmallVector<Value> ends = loop(copied(scan.getApply()), scan.getInit(), totals);
  for (unsigned i = 0; i < states; ++i)
    starts.push_back(joined(withAxis(scan.getInit()[i]), slice(ends[states + i], 0, chunks - 1)));
  SmallVector<Value> all = loop(std::move(apply), starts, main);
  SmallVector<Value> results(ArrayRef(ends).take_front(states));
  for (unsigned i = 0; i < states; ++i) {
    Dims dims = dimsOf(scan.getInit()[i]);
    dims.insert(dims.begin(), even);
    results.push_back(a.viewedAs(swapped(all[states + i]), dims));
  }
  if (rest.empty())
    return results;
  SmallVector<Value> tail = loop(copied(scan.getApply()), ArrayRef(results).take_front(states), rest);
  for (unsigned i = 0; i < states; ++i) {
    results[i] = tail[i];
    results[states + i] = joined(results[states + i], tail[states + i]);
  }
  return results;
}

} // namespace heddle
