// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/recurrence/LinearAttentionChunks.h"

#include "compiler/codegen/recurrence/LinearAttentionSteps.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

constexpr int64_t kSteps = kChunkSteps;
int64_t learnedElements(const LinearAttentionSpec &spec) { return kSteps * spec.lanes * 2; }
/// Rows of a tile of accumulators.
constexpr int64_t kTile = 8;

class Chunks {
public:
  Chunks(Emitter &e, const LinearAttentionSpec &spec, const LinearAttentionOperands &ops,
         LinearAttentionPoint &p, Value scratch);
  void chunk(Value first);

private:
  void group(Value offset);
  void learn(Value offset);
  void solve();
  void read(Value offset);
  void update(Value offset);
  void updateRows(Value offset, Value row, int64_t count);

  using Left = llvm::function_ref<Value(Value, int64_t)>;
  using Right = llvm::function_ref<Values(Value)>;
  Values product(Values sums, Value depth, int64_t count, Left left, Right right);
  Value broadcast(const Matrix &matrix, Value row, Value column) {
    return e.broadcast(e.load(matrix.buffer, matrix.at(e, row, column)), spec.lanes);
  }
  Values stateRow(Value row, Value offset) {
    Value at = e.add(e.mul(row, spec.vectors * spec.lanes), offset);
    Values vectors;
    for (int64_t j = 0; j < width; ++j)
      vectors.push_back(e.load(p.state, e.add(at, j * spec.lanes), spec.lanes));
    return vectors;
  }
  Values learnedRow(Value step) {
    Values vectors;
    for (int64_t j = 0; j < width; ++j)
      vectors.push_back(
          e.load(learned, e.add(e.mul(step, width * spec.lanes), j * spec.lanes), spec.lanes));
    return vectors;
  }
  Value mask(Value offset, int64_t j) {
    return spec.fullBlocks ? Value()
                           : e.firstLanes(p.columnsFrom(e.add(offset, j * spec.lanes)), spec.lanes);
  }

  Emitter &e;
  const LinearAttentionSpec &spec;
  const LinearAttentionOperands &ops;
  LinearAttentionPoint &p;
  int64_t width; // vectors of columns at once
  Value learned; // D
  ChunkSteps steps;
  Value first; // step of the chunk
};

int64_t bytesOf(const LinearAttentionSpec &spec) {
  return spec.element.getIntOrFloatBitWidth() / 8;
}

/// Behind the state.
Value afterState(Emitter &e, const LinearAttentionSpec &spec, const LinearAttentionOperands &ops) {
  return e.mul(ops.rows, spec.vectors * spec.lanes * bytesOf(spec));
}

Chunks::Chunks(Emitter &e, const LinearAttentionSpec &spec, const LinearAttentionOperands &ops,
               LinearAttentionPoint &p, Value scratch)
    : e(e), spec(spec), ops(ops), p(p), width(std::min<int64_t>(spec.vectors, 2)),
      learned(e.view(scratch, afterState(e, spec, ops), spec.element)),
      steps(e, spec, ops, p, scratch,
            e.add(afterState(e, spec, ops), learnedElements(spec) * bytesOf(spec))) {}

Values Chunks::product(Values sums, Value depth, int64_t count, Left left, Right right) {
  return e.loop(e.index(0), depth, e.index(1), sums, [&](Value k, ValueRange carried) {
    Values sums(carried), columns = right(k);
    for (int64_t r = 0; r < count; ++r) {
      Value factor = left(k, r);
      for (int64_t j = 0; j < width; ++j)
        sums[r * width + j] = e.fma(factor, columns[j], sums[r * width + j]);
    }
    return sums;
  });
}

/// D, of the delta rule before its steps are told of each other.
void Chunks::learn(Value offset) {
  for (int64_t begin = 0; begin < kSteps; begin += kTile) {
    Values known;
    if (spec.delta)
      known = product(
          p.zeros(kTile * width), ops.rows, kTile,
          [&](Value row, int64_t r) { return broadcast(steps.keys, e.index(begin + r), row); },
          [&](Value row) { return stateRow(row, offset); });
    for (int64_t r = 0; r < kTile; ++r) {
      Value step = e.add(first, begin + r), at = e.add(p.valueOf(step), offset);
      Value rate = p.hasRate() ? p.rate(step) : Value();
      for (int64_t j = 0; j < width; ++j) {
        Value value = e.load(ops.value, e.add(at, j * spec.lanes), spec.lanes, mask(offset, j));
        if (spec.delta)
          value = p.sub(value, known[r * width + j]);
        if (rate)
          value = p.mul(rate, value);
        e.store(value, learned, e.index(((begin + r) * width + j) * spec.lanes));
      }
    }
  }
}

/// Forward substitution, a vector of columns at a time: each step is taken out of all later ones.
void Chunks::solve() {
  for (int64_t j = 0; j < width; ++j) {
    Values rows;
    for (int64_t i = 0; i < kSteps; ++i)
      rows.push_back(e.load(learned, e.index((i * width + j) * spec.lanes), spec.lanes));
    for (int64_t done = 0; done < kSteps; ++done)
      for (int64_t i = done + 1; i < kSteps; ++i) {
        Value factor = e.load(steps.mixes, e.index(i * kSteps + done));
        rows[i] = e.fma(e.broadcast(factor, spec.lanes), rows[done], rows[i]);
      }
    for (int64_t i = 0; i < kSteps; ++i)
      e.store(rows[i], learned, e.index((i * width + j) * spec.lanes));
  }
}

void Chunks::read(Value offset) {
  for (int64_t begin = 0; begin < kSteps; begin += kTile) {
    Values sums = product(
        p.zeros(kTile * width), ops.rows, kTile,
        [&](Value row, int64_t r) { return broadcast(steps.queries, e.index(begin + r), row); },
        [&](Value row) { return stateRow(row, offset); });
    Matrix pairs{steps.reads, e.index(begin * kSteps), e.index(kSteps)};
    sums = product(
        sums, e.index(begin + kTile), kTile,
        [&](Value step, int64_t r) { return broadcast(pairs, e.index(r), step); },
        [&](Value step) { return learnedRow(step); });
    for (int64_t r = 0; r < kTile; ++r)
      for (int64_t j = 0; j < width; ++j) {
        Value at = e.add(p.valueOf(e.add(first, begin + r)), offset);
        e.store(sums[r * width + j], ops.output, e.add(at, j * spec.lanes), mask(offset, j));
      }
  }
}

void Chunks::update(Value offset) {
  Value whole = e.mul(e.div(ops.rows, e.index(kTile)), kTile);
  e.loop(e.index(0), whole, e.index(kTile), [&](Value row) { updateRows(offset, row, kTile); });
  e.loop(whole, ops.rows, e.index(1), [&](Value row) { updateRows(offset, row, 1); });
}

void Chunks::updateRows(Value offset, Value row, int64_t count) {
  Values sums;
  for (int64_t r = 0; r < count; ++r) {
    Values kept = stateRow(e.add(row, r), offset);
    if (p.hasDecay()) {
      Value decay = e.broadcast(e.load(steps.left, e.add(row, r)), spec.lanes);
      for (Value &vector : kept)
        vector = p.mul(decay, vector);
    }
    sums.append(kept);
  }
  sums = product(
      sums, e.index(kSteps), count,
      [&](Value step, int64_t r) { return broadcast(steps.ends, step, e.add(row, r)); },
      [&](Value step) { return learnedRow(step); });
  for (int64_t r = 0; r < count; ++r)
    for (int64_t j = 0; j < width; ++j) {
      Value at = e.add(e.mul(e.add(row, r), spec.vectors * spec.lanes), offset);
      e.store(sums[r * width + j], p.state, e.add(at, j * spec.lanes));
    }
}

void Chunks::group(Value offset) {
  learn(offset);
  if (spec.delta)
    solve();
  if (spec.output)
    read(offset);
  update(offset);
}

void Chunks::chunk(Value step) {
  first = step;
  steps.compute(step);
  e.loop(e.index(0), e.index(spec.vectors * spec.lanes), e.index(width * spec.lanes),
         [&](Value offset) { group(offset); });
}

} // namespace

LinearAttentionScratch chunkScratch(const LinearAttentionSpec &spec) {
  LinearAttentionScratch steps = ChunkSteps::scratch();
  return {.fixed = steps.fixed + learnedElements(spec),
          .perRow = steps.perRow + spec.vectors * spec.lanes};
}

Value emitChunks(Emitter &e, const LinearAttentionSpec &spec, const LinearAttentionOperands &ops,
                 LinearAttentionPoint &point, Value scratch) {
  Value count = e.div(e.sub(point.end, point.begin), e.index(kSteps));
  Value rest = e.add(point.begin, e.mul(count, kSteps));
  e.loop(point.begin, rest, e.index(kSteps),
         [&](Value first) { Chunks(e, spec, ops, point, scratch).chunk(first); });
  return rest;
}

} // namespace heddle::codegen
