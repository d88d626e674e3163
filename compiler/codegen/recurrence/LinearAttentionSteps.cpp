// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/recurrence/LinearAttentionSteps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {

static constexpr int64_t kSteps = kChunkSteps;

ChunkSteps::ChunkSteps(Emitter &e, const LinearAttentionSpec &spec,
                       const LinearAttentionOperands &ops, LinearAttentionPoint &p, Value scratch,
                       Value at)
    : e(e), spec(spec), ops(ops), p(p), lanes(std::min(e.lanesOf(spec.element), kSteps)),
      vectors(kSteps / lanes) {
  int64_t bytes = spec.element.getIntOrFloatBitWidth() / 8;
  auto take = [&](int64_t perRow, int64_t fixed) {
    Value buffer = e.view(scratch, at, spec.element);
    at = e.add(at, e.add(e.mul(ops.rows, perRow * bytes), fixed * bytes));
    return buffer;
  };
  reads = take(0, kSteps * kSteps);
  mixes = take(0, kSteps * kSteps);
  together = take(kSteps, 0);
  for (Matrix *matrix : {&queries, &keys, &ends})
    *matrix = {take(kSteps, 0), e.index(0), ops.rows};
  left = take(1, 0);
}

LinearAttentionScratch ChunkSteps::scratch() {
  return {.fixed = 2 * kSteps * kSteps, .perRow = kSteps * 4 + 1};
}

void ChunkSteps::compute(Value step) {
  first = step;
  if (p.hasDecay()) {
    decayOperands();
  } else {
    Value start = p.vectorOf(step), rowStep = e.sub(p.vectorOf(e.add(step, 1)), start);
    queries = {ops.query, start, rowStep};
    keys = ends = {ops.key, start, rowStep};
  }
  if (!spec.output && !spec.delta)
    return;
  int64_t atOnce = std::max<int64_t>(1, 8 / vectors); // as many as there are registers for
  for (int64_t begin = 0; begin < kSteps; begin += atOnce)
    pairs(begin, begin + atOnce);
}

/// Of vectors over rows, the decays from the start of the chunk to each step and from each step to
/// the end.
void ChunkSteps::decayOperands() {
  int64_t lanes = e.lanesOf(spec.element);
  Value one = arith::ConstantOp::create(
      e.builder, e.loc,
      DenseElementsAttr::get(cast<ShapedType>(e.vector(spec.element, lanes)),
                             e.builder.getFloatAttr(spec.element, 1.0).getValue()));
  e.loop(e.index(0), ops.rows, e.index(lanes), [&](Value row) {
    Value mask = e.firstLanes(e.sub(ops.rows, row), lanes);
    auto decay = [&](Value step) {
      Value at = p.decayOf(step);
      return p.hasRowDecay() ? e.load(ops.decay, e.add(at, row), lanes, mask)
                             : e.broadcast(e.load(ops.decay, at), lanes);
    };
    Value product = one;
    for (int64_t i = 0; i < kSteps; ++i) {
      Value step = e.add(first, i), at = e.add(p.vectorOf(step), row);
      auto store = [&](Value buffer, const Matrix &to) {
        Value scaled = p.mul(product, e.load(buffer, at, lanes, mask));
        e.store(scaled, to.buffer, to.at(e, e.index(i), row), mask);
      };
      if (spec.output && spec.readsBefore)
        store(ops.query, queries);
      product = p.mul(product, decay(step));
      if (spec.output && !spec.readsBefore)
        store(ops.query, queries);
      if (spec.delta)
        store(ops.key, keys);
    }
    e.store(product, left, row, mask);
    product = one;
    for (int64_t i = kSteps - 1; i >= 0; --i) {
      Value step = e.add(first, i), at = e.add(p.vectorOf(step), row);
      Value scaled = p.mul(product, e.load(ops.key, at, lanes, mask));
      e.store(scaled, ends.buffer, ends.at(e, e.index(i), row), mask);
      product = p.mul(product, decay(step));
    }
  });
}

void ChunkSteps::pairs(int64_t begin, int64_t end) {
  int64_t count = (end - begin) * vectors, outputs = spec.output ? count : 0;
  int64_t mixing = spec.delta ? count : 0;
  Type type = e.vector(spec.element, lanes);
  auto lane = [&](int64_t vector, int64_t step) {
    SmallVector<bool> bits(lanes, false);
    if (step / lanes == vector)
      bits[step % lanes] = true;
    return arith::ConstantOp::create(
        e.builder, e.loc,
        DenseElementsAttr::get(VectorType::get({lanes}, e.builder.getI1Type()), bits));
  };
  auto scalar = [&](Value buffer, Value at) { return e.broadcast(e.load(buffer, at), lanes); };
  Values steps, common;
  for (int64_t i = begin; i < end; ++i) {
    steps.push_back(e.add(first, i));
    if (p.hasDecay() && !p.hasRowDecay())
      common.push_back(scalar(ops.decay, p.decayOf(steps.back())));
  }
  Values sums = e.loop(e.index(0), ops.rows, e.index(1), Values(outputs + mixing, e.zero(type)),
                       [&](Value row, ValueRange carried) {
                         Values sums(carried), keys(vectors, e.zero(type));
                         Value at = e.mul(row, kSteps);
                         for (int64_t j = 0; begin > 0 && j < vectors; ++j)
                           keys[j] = e.load(together, e.add(at, j * lanes), lanes);
                         for (int64_t i = 0; i < end - begin; ++i) {
                           Value place = e.add(p.vectorOf(steps[i]), row);
                           Value key = scalar(ops.key, place), decay;
                           auto accumulate = [&](Value factor, int64_t slot) {
                             for (int64_t j = 0; j < vectors; ++j) {
                               Value &sum = sums[slot + i * vectors + j];
                               sum = e.fma(factor, keys[j], sum);
                             }
                           };
                           if (spec.output && spec.readsBefore)
                             accumulate(scalar(ops.query, place), 0);
                           if (p.hasDecay())
                             decay = p.hasRowDecay()
                                         ? scalar(ops.decay, e.add(p.decayOf(steps[i]), row))
                                         : common[i];
                           for (int64_t j = 0; decay && j < vectors; ++j)
                             keys[j] = p.mul(decay, keys[j]);
                           if (spec.delta)
                             accumulate(key, outputs);
                           for (int64_t j = 0; j < vectors; ++j)
                             keys[j] = e.select(lane(j, begin + i), key, keys[j]);
                           if (spec.output && !spec.readsBefore)
                             accumulate(scalar(ops.query, place), 0);
                         }
                         for (int64_t j = 0; j < vectors; ++j)
                           e.store(keys[j], together, e.add(at, j * lanes));
                         return sums;
                       });
  storePairs(sums, begin, end);
}

void ChunkSteps::storePairs(ValueRange sums, int64_t begin, int64_t end) {
  int64_t outputs = spec.output ? (end - begin) * vectors : 0;
  for (int64_t i = 0; i < end - begin; ++i)
    for (int64_t j = 0; j < vectors; ++j) {
      Value at = e.index((begin + i) * kSteps + j * lanes);
      if (spec.output)
        e.store(sums[i * vectors + j], reads, at);
      if (!spec.delta)
        continue;
      Value mixed = p.sub(e.zero(e.vector(spec.element, lanes)), sums[outputs + i * vectors + j]);
      if (p.hasRate()) {
        Value rate = e.load(ops.rate, p.rateOf(e.add(first, begin + i)));
        mixed = p.mul(e.broadcast(rate, lanes), mixed);
      }
      e.store(mixed, mixes, at);
    }
}

} // namespace heddle::codegen
