// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/recurrence/LinearAttentionPoint.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {

Strides::Strides(Emitter &e, ArrayRef<bool> own, ArrayRef<Value> sizes) : of(own.size()) {
  Value stride = e.index(1);
  for (int64_t axis = int64_t(own.size()) - 1; axis >= 0; --axis)
    if (own[axis]) {
      of[axis] = stride;
      stride = e.mul(stride, sizes[axis]);
    }
}

LinearAttentionPoint::LinearAttentionPoint(Emitter &e, const LinearAttentionSpec &spec,
                                           const LinearAttentionOperands &ops, Value scratch,
                                           Value index)
    : state(e.view(scratch, int64_t(0), spec.element)), e(e), spec(spec), ops(ops) {
  points = e.index(1);
  for (Value size : ops.batch)
    points = e.mul(points, size);
  int64_t width = spec.lanes * spec.vectors;
  Value blocks = e.ceilDiv(ops.columns, width);
  Value rest = e.div(index, blocks);
  column = e.mul(e.rem(index, blocks), width);
  point = e.rem(rest, points);
  segment = e.div(rest, points);
  begin = e.mul(segment, ops.segment);
  end = e.min(ops.length, e.add(begin, ops.segment));

  batch.resize(ops.batch.size());
  Value outer = point;
  for (int64_t axis = int64_t(batch.size()) - 1; axis >= 0; --axis) {
    batch[axis] = e.rem(outer, ops.batch[axis]);
    outer = e.div(outer, ops.batch[axis]);
  }
  for (int64_t j = 0; j < spec.vectors; ++j)
    masks.push_back(
        spec.fullBlocks
            ? Value()
            : e.firstLanes(e.sub(ops.columns, e.add(column, j * spec.lanes)), spec.lanes));
  Values sizes{ops.length};
  sizes.append(ops.batch);
  sizes.push_back(ops.rows);
  if (hasDecay()) {
    decayStrides.emplace(e, spec.decay, sizes);
    decayStart = batchOffset(*decayStrides);
  }
  sizes.back() = e.index(1);
  if (hasRate()) {
    rateStrides.emplace(e, spec.rate, sizes);
    rateStart = batchOffset(*rateStrides);
  }
}

Value LinearAttentionPoint::batchOffset(const Strides &strides) {
  Value offset = e.index(0);
  for (auto [axis, index] : llvm::enumerate(batch))
    offset = e.add(offset, strides.offset(e, 1 + axis, index));
  return offset;
}

Value LinearAttentionPoint::mul(Value a, Value b) {
  return arith::MulFOp::create(e.builder, e.loc, a, b);
}
Value LinearAttentionPoint::add(Value a, Value b) {
  return arith::AddFOp::create(e.builder, e.loc, a, b);
}
Value LinearAttentionPoint::sub(Value a, Value b) {
  return arith::SubFOp::create(e.builder, e.loc, a, b);
}

Value LinearAttentionPoint::decay(Value step, Value row) {
  unsigned last = spec.decay.size() - 1;
  Value at = decayOf(step);
  return scalar(ops.decay, hasRowDecay() ? e.add(at, decayStrides->offset(e, last, row)) : at);
}

Value LinearAttentionPoint::rate(Value step) { return scalar(ops.rate, rateOf(step)); }

Values LinearAttentionPoint::value(Value step) {
  Value row = valueOf(step);
  Values vectors;
  for (int64_t j = 0; j < spec.vectors; ++j)
    vectors.push_back(e.load(ops.value, e.add(row, j * spec.lanes), spec.lanes, masks[j]));
  return vectors;
}

void LinearAttentionPoint::storeOutput(Value step, ValueRange vectors) {
  Value row = valueOf(step);
  for (auto [j, vector] : llvm::enumerate(vectors))
    e.store(vector, ops.output, e.add(row, j * spec.lanes), masks[j]);
}

Values LinearAttentionPoint::loadRow(Value row) {
  Value at = e.mul(row, spec.vectors * spec.lanes);
  Values vectors;
  for (int64_t j = 0; j < spec.vectors; ++j)
    vectors.push_back(e.load(state, e.add(at, j * spec.lanes), spec.lanes));
  return vectors;
}

void LinearAttentionPoint::storeRow(Value row, ValueRange vectors) {
  Value at = e.mul(row, spec.vectors * spec.lanes);
  for (auto [j, vector] : llvm::enumerate(vectors))
    e.store(vector, state, e.add(at, j * spec.lanes));
}

void LinearAttentionPoint::loadInit() {
  Values sizes{e.index(1)}; // how many segments there are does not matter
  sizes.append(ops.batch);
  sizes.push_back(ops.rows);
  sizes.push_back(ops.columns);
  Strides strides(e, spec.init, sizes);
  unsigned rowAxis = spec.init.size() - 2;
  Value start = e.add(strides.offset(e, 0, segment), batchOffset(strides));
  e.loop(e.index(0), ops.rows, e.index(1), [&](Value row) {
    Value at = e.add(start, strides.offset(e, rowAxis, row));
    Values vectors;
    for (int64_t j = 0; j < spec.vectors; ++j)
      vectors.push_back(
          spec.init.back()
              ? e.load(ops.init, e.add(e.add(at, column), j * spec.lanes), spec.lanes, masks[j])
              : scalar(ops.init, at));
    storeRow(row, vectors);
  });
}

void LinearAttentionPoint::storeLast() {
  Value start = e.mul(e.add(e.mul(segment, points), point), ops.rows);
  e.loop(e.index(0), ops.rows, e.index(1), [&](Value row) {
    Value at = columnsOf(e.add(start, row));
    for (auto [j, vector] : llvm::enumerate(loadRow(row)))
      e.store(vector, ops.last, e.add(at, j * spec.lanes), masks[j]);
  });
}

} // namespace heddle::codegen
