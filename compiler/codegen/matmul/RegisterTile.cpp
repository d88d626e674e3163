// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/matmul/RegisterTile.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

Value rowOf(Emitter &e, const RegisterTile &tile, int64_t row) {
  return tile.lastRow && row + 1 == tile.rows ? tile.lastRow : e.index(row);
}

void askAhead(Emitter &e, const RegisterTile &tile, Value k) {
  const Ahead &ahead = *tile.ahead;
  Value start = e.sub(ahead.from, e.mul(tile.kBegin, ahead.step));
  Value at = e.add(start, e.mul(k, ahead.step));
  if (ahead.wrapAt)
    at = e.select(e.less(k, ahead.wrapAt), at, e.add(at, ahead.shift));
  for (Value panel : tile.bPanels)
    e.prefetch(tile.b, e.add(panel, at), ahead.cache);
}

/// Fewer accumulators wait for each other.
constexpr int64_t kFewAccumulators = 12;

/// The accumulators after step `k`. Rows of A are `rows` elements from its start.
Values oneStep(Emitter &e, const TileMath &math, const RegisterTile &tile, const Values &rows,
               Value k, Values sums) {
  int64_t vectors = tile.panels * tile.vectorsPerPanel, step = math.columns() * math.depth();
  Value bRow = e.mul(k, tile.bDepthStep), aColumn = e.mul(k, tile.aDepthStep);
  auto column = [&](int64_t j) {
    Value panel = tile.bPanels[j / tile.vectorsPerPanel];
    return math.loadColumns(e, tile.b, e.add(e.add(panel, bRow), j % tile.vectorsPerPanel * step));
  };
  auto scalar = [&](int64_t r) {
    // A distance that is a constant is part of the address of an instruction, if it is added last.
    Value at = getConstantIntValue(rows[r]) ? e.add(e.add(tile.aStart, aColumn), rows[r])
                                            : e.add(e.add(tile.aStart, rows[r]), aColumn);
    return math.broadcast(e, tile.a, at);
  };
  auto add = [&](int64_t r, int64_t j, Value a, Value b) {
    Value &sum = sums[r * vectors + j];
    sum = math.multiplyAdd(e, a, b, sum);
  };
  // What takes two registers, or finds none left, meets the others one by one, where those are
  // fewer.
  int64_t registers = (tile.rows + 1) * vectors + 1;
  bool oneByOne = math.operandRegisters() > 1 || registers > e.target.vectorRegisters();
  Values scalars, columns;
  if (oneByOne && tile.rows < vectors) {
    for (int64_t r = 0; r < tile.rows; ++r)
      scalars.push_back(scalar(r));
    for (int64_t j = 0; j < vectors; ++j) {
      Value b = column(j);
      for (int64_t r = 0; r < tile.rows; ++r)
        add(r, j, scalars[r], b);
    }
    return sums;
  }
  for (int64_t j = 0; j < vectors; ++j)
    columns.push_back(column(j));
  for (int64_t r = 0; r < tile.rows; ++r) {
    Value a = scalar(r);
    for (int64_t j = 0; j < vectors; ++j)
      add(r, j, a, columns[j]);
  }
  return sums;
}

/// Steps of a turn of the loop. What counts turns takes slots from the multiply-adds on CPUs where
/// other instructions share their ports. Small tiles wait for memory or for themselves.
int64_t stepsOfTurn(const RegisterTile &tile) {
  if (tile.ahead)
    return tile.ahead->steps;
  int64_t accumulators = tile.rows * tile.panels * tile.vectorsPerPanel;
  return accumulators >= kFewAccumulators ? 4 : 1;
}

} // namespace

Values emitRegisterTile(Emitter &e, const TileMath &math, const RegisterTile &tile,
                        Values initial) {
  Values rows;
  for (int64_t r = 0; r < tile.rows; ++r)
    rows.push_back(e.mul(tile.aRowStep, rowOf(e, tile, r)));
  auto turns = [&](Value from, Value to, int64_t steps, ValueRange start) {
    return e.loop(from, to, e.index(steps), start, [&](Value k, ValueRange carried) {
      if (tile.ahead)
        askAhead(e, tile, k);
      Values sums(carried);
      for (int64_t step = 0; step < steps; ++step)
        sums = oneStep(e, math, tile, rows, e.add(k, step), sums);
      return sums;
    });
  };
  int64_t steps = stepsOfTurn(tile);
  auto part = [&](Value from, Value to, ValueRange start) {
    if (steps == 1)
      return turns(from, to, 1, start);
    Value rest = e.rem(e.sub(to, from), e.index(steps)), whole = e.sub(to, rest);
    return turns(whole, to, 1, turns(from, whole, steps, start));
  };
  if (!tile.between)
    return part(tile.kBegin, tile.kEnd, initial);
  Value length = tile.between->steps;
  return e.loop(tile.kBegin, tile.kEnd, length, initial, [&](Value k, ValueRange carried) {
    tile.between->ask(k);
    return part(k, e.min(e.add(k, length), tile.kEnd), carried);
  });
}

} // namespace heddle::codegen
