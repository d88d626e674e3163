// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/recurrence/LinearAttention.h"

#include "compiler/codegen/recurrence/LinearAttentionChunks.h"
#include "compiler/codegen/recurrence/LinearAttentionPoint.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

class Recurrence {
public:
  Recurrence(Emitter &e, const LinearAttentionSpec &spec, const LinearAttentionOperands &ops,
             LinearAttentionPoint &p)
      : e(e), spec(spec), ops(ops), p(p) {}

  void sums(Value begin, Value end);
  void deltas(Value begin, Value end);

private:
  void addSteps(Value step, int64_t count);
  Values deltaPass(Value step, Value next, ValueRange predicted);
  Values rows(Values initial, Emitter::CarryingBody body) {
    if (!initial.empty())
      return e.loop(e.index(0), ops.rows, e.index(1), initial, body);
    e.loop(e.index(0), ops.rows, e.index(1), [&](Value row) { body(row, {}); });
    return {};
  }

  Emitter &e;
  const LinearAttentionSpec &spec;
  const LinearAttentionOperands &ops;
  LinearAttentionPoint &p;
};

/// Several steps at once, a row of the state in registers for all of them.
void Recurrence::sums(Value begin, Value end) {
  int64_t together = 8 / spec.vectors;
  Value whole = e.mul(e.div(e.sub(end, begin), e.index(together)), together);
  Value rest = e.add(begin, whole);
  e.loop(begin, rest, e.index(together), [&](Value step) { addSteps(step, together); });
  e.loop(rest, end, e.index(1), [&](Value step) { addSteps(step, 1); });
}

void Recurrence::addSteps(Value first, int64_t count) {
  int64_t width = spec.vectors;
  Values steps, decays;
  SmallVector<Values> values;
  for (int64_t i = 0; i < count; ++i) {
    steps.push_back(e.add(first, i));
    values.push_back(p.value(steps[i]));
    if (p.hasRate()) {
      Value rate = p.rate(steps[i]);
      for (Value &value : values[i])
        value = p.mul(rate, value);
    }
    if (p.hasDecay() && !p.hasRowDecay())
      decays.push_back(p.decay(steps[i], nullptr));
  }
  Values read = rows(p.zeros(spec.output ? count * width : 0), [&](Value row, ValueRange carried) {
    Values sums(carried), state = p.loadRow(row);
    for (int64_t i = 0; i < count; ++i) {
      Value query = spec.output ? p.query(steps[i], row) : Value();
      auto readState = [&] {
        for (int64_t j = 0; spec.output && j < width; ++j)
          sums[i * width + j] = e.fma(query, state[j], sums[i * width + j]);
      };
      if (spec.readsBefore)
        readState();
      Value decay;
      if (p.hasDecay())
        decay = p.hasRowDecay() ? p.decay(steps[i], row) : decays[i];
      Value key = p.key(steps[i], row);
      for (int64_t j = 0; j < width; ++j) {
        Value kept = decay ? p.mul(decay, state[j]) : state[j];
        state[j] = p.add(kept, p.mul(key, values[i][j]));
      }
      if (!spec.readsBefore)
        readState();
    }
    p.storeRow(row, state);
    return sums;
  });
  for (int64_t i = 0; spec.output && i < count; ++i)
    p.storeOutput(steps[i], ArrayRef(read).slice(i * width, width));
}

/// One pass over the state ends a step and begins the next one: it adds what the step learns, and
/// decays the sum and reads it by the next key. The state in memory is decayed already. Without
/// `step` or `next` that part is left out.
Values Recurrence::deltaPass(Value step, Value next, ValueRange predicted) {
  int64_t width = spec.vectors;
  Values learned;
  if (step) {
    learned = p.value(step);
    for (int64_t j = 0; j < width; ++j)
      learned[j] = p.sub(learned[j], predicted[j]);
    if (p.hasRate()) {
      Value rate = p.rate(step);
      for (Value &value : learned)
        value = p.mul(rate, value);
    }
  }
  Value reader = spec.output ? (spec.readsBefore ? next : step) : Value();
  Value common = next && p.hasDecay() && !p.hasRowDecay() ? p.decay(next, nullptr) : Value();
  int64_t predictions = next ? width : 0, outputs = reader ? width : 0;
  Values sums = rows(p.zeros(predictions + outputs), [&](Value row, ValueRange carried) {
    Values sums(carried), state = p.loadRow(row);
    Value key = step ? p.key(step, row) : Value(), query = reader ? p.query(reader, row) : Value();
    Value nextKey = next ? p.key(next, row) : Value(), decay = common;
    if (next && p.hasRowDecay())
      decay = p.decay(next, row);
    for (int64_t j = 0; j < width; ++j) {
      if (step)
        state[j] = p.add(state[j], p.mul(key, learned[j]));
      if (reader)
        sums[predictions + j] = e.fma(query, state[j], sums[predictions + j]);
      if (decay)
        state[j] = p.mul(decay, state[j]);
      if (next)
        sums[j] = e.fma(nextKey, state[j], sums[j]);
    }
    p.storeRow(row, state);
    return sums;
  });
  if (reader)
    p.storeOutput(reader, ArrayRef(sums).drop_front(predictions));
  sums.truncate(predictions);
  return sums;
}

void Recurrence::deltas(Value begin, Value end) {
  e.when(e.less(begin, end), [&] {
    Value last = e.sub(end, e.index(1));
    Values predicted = deltaPass(nullptr, begin, {});
    predicted = e.loop(begin, last, e.index(1), predicted, [&](Value step, ValueRange carried) {
      return deltaPass(step, e.add(step, 1), carried);
    });
    deltaPass(last, nullptr, predicted);
  });
}

} // namespace

int64_t linearAttentionLanes(Type element, int64_t columns, const Target &target) {
  int64_t bytes = element.getIntOrFloatBitWidth() / 8, most = target.vectorBytes() / bytes;
  int64_t lanes = 16 / bytes;
  while (lanes < most && (columns == 0 || lanes < columns))
    lanes *= 2;
  return lanes;
}

void emitSteps(Emitter &e, const LinearAttentionSpec &spec, const LinearAttentionOperands &ops,
               LinearAttentionPoint &point, Value begin, Value end) {
  Recurrence recurrence(e, spec, ops, point);
  if (spec.delta)
    recurrence.deltas(begin, end);
  else
    recurrence.sums(begin, end);
}

LinearAttentionScratch linearAttentionScratch(const LinearAttentionSpec &spec) {
  int64_t width = spec.vectors * spec.lanes, bytes = spec.element.getIntOrFloatBitWidth() / 8;
  LinearAttentionScratch elements{.fixed = 0, .perRow = width};
  if (spec.chunk)
    elements = chunkScratch(spec);
  return {elements.fixed * bytes, elements.perRow * bytes};
}

void emitLinearAttention(Emitter &e, const LinearAttentionSpec &spec,
                         const LinearAttentionOperands &operands, Value begin, Value end,
                         Value scratch) {
  e.loop(begin, end, e.index(1), [&](Value index) {
    LinearAttentionPoint point(e, spec, operands, scratch, index);
    point.loadInit();
    Value rest = point.begin;
    if (spec.chunk)
      rest = emitChunks(e, spec, operands, point, scratch);
    emitSteps(e, spec, operands, point, rest, point.end);
    if (spec.last)
      point.storeLast();
  });
}

} // namespace heddle::codegen
