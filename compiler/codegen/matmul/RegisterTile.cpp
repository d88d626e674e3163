// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/matmul/RegisterTile.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

Value rowOf(Emitter &e, const RegisterTile &tile, int64_t row) {
  return tile.lastRow && row + 1 == tile.rows ? tile.lastRow : e.index(row);
}

void askAhead(Emitter &e, const RegisterTile &tile, Value k) {
  const Ahead &ahead = *tile.ahead;
  Value at = e.add(ahead.from, e.mul(e.sub(k, tile.kBegin), ahead.step));
  if (ahead.wrapAt)
    at = e.select(e.less(k, ahead.wrapAt), at, e.add(at, ahead.shift));
  for (Value panel : tile.bPanels)
    e.prefetch(tile.b, e.add(panel, at), ahead.cache);
}

} // namespace

Values emitRegisterTile(Emitter &e, const TileMath &math, const RegisterTile &tile,
                        Values initial) {
  Values rows;
  for (int64_t r = 0; r < tile.rows; ++r)
    rows.push_back(e.add(tile.aStart, e.mul(tile.aRowStep, rowOf(e, tile, r))));
  int64_t vectors = tile.panels * tile.vectorsPerPanel, step = math.columns() * math.depth();
  return e.loop(tile.kBegin, tile.kEnd, e.index(1), initial, [&](Value k, ValueRange carried) {
    Values sums(carried), columns;
    Value bRow = e.mul(k, tile.bDepthStep), aColumn = e.mul(k, tile.aDepthStep);
    if (tile.ahead)
      askAhead(e, tile, k);
    auto column = [&](int64_t j) {
      Value panel = tile.bPanels[j / tile.vectorsPerPanel];
      return math.loadColumns(e, tile.b,
                              e.add(e.add(panel, bRow), j % tile.vectorsPerPanel * step));
    };
    // What takes two registers, or finds none left, meets the others one by one, where those are
    // fewer.
    int64_t registers = (tile.rows + 1) * vectors + 1;
    bool oneByOne = math.operandRegisters() > 1 || registers > e.target.vectorRegisters();
    if (oneByOne && tile.rows < vectors) {
      Values scalars;
      for (int64_t r = 0; r < tile.rows; ++r)
        scalars.push_back(math.broadcast(e, tile.a, e.add(rows[r], aColumn)));
      for (int64_t j = 0; j < vectors; ++j) {
        Value b = column(j);
        for (int64_t r = 0; r < tile.rows; ++r) {
          Value &sum = sums[r * vectors + j];
          sum = math.multiplyAdd(e, scalars[r], b, sum);
        }
      }
      return sums;
    }
    for (int64_t j = 0; j < vectors; ++j)
      columns.push_back(column(j));
    for (int64_t r = 0; r < tile.rows; ++r) {
      Value a = math.broadcast(e, tile.a, e.add(rows[r], aColumn));
      for (int64_t j = 0; j < vectors; ++j) {
        Value &sum = sums[r * vectors + j];
        sum = math.multiplyAdd(e, a, columns[j], sum);
      }
    }
    return sums;
  });
}

} // namespace heddle::codegen
