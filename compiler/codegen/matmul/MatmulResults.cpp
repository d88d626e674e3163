// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/matmul/MatmulEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace heddle::codegen {

// How far the panel of a column starts before its multiple of the panel's width.
Value MatmulEmitter::earlyBy(const Source &source, Value column) {
  Value nominal = e.sub(column, e.rem(column, e.index(plan.panel)));
  return e.max(e.index(0), e.sub(nominal, source.lastStart));
}

void MatmulEmitter::prefetchTile(const Block &b, const Tile &tile) {
  e.loop(e.index(0), tile.rows, e.index(1), [&](Value row) { prefetchRow(b, tile, row); });
}

void MatmulEmitter::prefetchRow(const Block &b, const Tile &tile, Value row) {
  Value n0 = e.mul(tile.panel, plan.panel), m = e.add(tile.m, row);
  Value rowOffset = e.mul(e.add(e.mul(b.batch, ops.m), m), ops.n);
  auto ask = [&](Value panel) {
    MatmulPosition at{b.batch, m, e.add(n0, e.mul(panel, plan.panel)), {}, {}, 1};
    at.offset = e.add(rowOffset, at.n);
    ops.prefetch(e, at);
  };
  std::optional<int64_t> panels = getConstantIntValue(tile.panels);
  for (int64_t panel = 0; panels && panel < *panels; ++panel)
    ask(e.index(panel));
  if (!panels)
    e.loop(e.index(0), tile.panels, e.index(1), ask);
}

Between MatmulEmitter::resultsBetween(const Block &b, const Tile &tile, int64_t rows) {
  // Steps of a turn of the tile's loop, or of two where B is near and does not wait for results.
  int64_t least = spec.inPlace ? 8 : 4;
  Value turns = e.max(e.ceilDiv(e.sub(tile.kEnd, tile.kBegin), least), e.index(1));
  Value apart = e.mul(e.max(e.div(turns, e.index(rows)), e.index(1)), least);
  Value due = e.div(e.add(turns, rows - 1), turns); // at once, where turns are fewer
  auto ask = [this, &b, &tile, rows, apart, due](Value k) {
    Value first = e.mul(e.div(e.sub(k, tile.kBegin), apart), due);
    Value last = e.sub(tile.rows, e.index(1));
    e.when(both(tile.isLast, e.less(first, e.index(rows))), [&] {
      e.loop(e.index(0), due, e.index(1),
             [&](Value row) { prefetchRow(b, tile, e.min(e.add(first, row), last)); });
    });
  };
  return {apart, ask};
}

Value MatmulEmitter::columnsOf(const Parked &from) {
  return e.min(e.mul(from.panels, plan.panel), e.sub(ops.n, e.mul(from.panel, plan.panel)));
}

void MatmulEmitter::eachRow(const Block &b, const Parked &from, RowBody body) {
  e.loop(e.index(0), from.rows, e.index(1), [&](Value r) {
    MatmulPosition at{b.batch, e.add(from.m, r), e.mul(from.panel, plan.panel), {}, {}, lanes};
    at.offset = e.add(e.mul(e.add(e.mul(b.batch, ops.m), at.m), ops.n), at.n);
    body(at, e.add(from.start, e.mul(r, from.stride)));
  });
}

void MatmulEmitter::deliver(const Block &b, const Source &source, MatmulPosition at, Value column,
                            Value place, Value mask) {
  Value sum = e.load(parked, place, lanes);
  at.n = e.add(at.n, column);
  at.offset = e.add(at.offset, column);
  at.mask = mask;
  sink(math.isBytes() ? withoutZeroPoints(sum, b, source, at) : sum, at);
}

void MatmulEmitter::finishRagged(const Block &b, const Source &source, const Parked &from) {
  Value columns = columnsOf(from);
  eachRow(b, from, [&](const MatmulPosition &at, Value row) {
    e.loop(e.index(0), columns, e.index(lanes), [&](Value column) {
      // The lanes of a panel that starts early come last.
      Value place = e.add(row, column);
      if (source.lastStart)
        place = e.add(place, earlyBy(source, e.add(at.n, column)));
      deliver(b, source, at, column, place, e.firstLanes(e.sub(columns, column), lanes));
    });
  });
}

bool MatmulEmitter::finishesInParts() const {
  auto isWide = [&](int64_t panels) { return panels > plan.panels; };
  return hasTallTiles() && llvm::any_of(panelCounts(), isWide);
}

// A wide tile as tiles of usual width: less code.
void MatmulEmitter::finishTile(const Block &b, const Source &source, const Parked &from) {
  if (!finishesInParts())
    return finishPanels(b, source, from);
  EvenSplit split(e, from.panels, plan.panels);
  e.loop(e.index(0), split.parts, e.index(1), [&](Value index) {
    Parked part = from;
    Value first = split.start(e, index);
    part.start = e.add(from.start, e.mul(first, plan.panel));
    part.panel = e.add(from.panel, first);
    part.panels = split.length(e, index);
    finishPanels(b, source, part);
  });
}

SmallVector<int64_t> MatmulEmitter::finishedCounts() const {
  SmallVector<int64_t> counts = panelCounts();
  return finishesInParts() ? tileLengths(counts, counts.back(), plan.panels) : counts;
}

void MatmulEmitter::finishPanels(const Block &b, const Source &source, const Parked &from) {
  // Whole panels are worth code of their own: no masks, and neighbours overlap.
  auto whole = [&](int64_t panelCount) {
    eachRow(b, from, [&](const MatmulPosition &at, Value row) {
      for (int64_t column = 0; column < panelCount * plan.panel; column += lanes)
        deliver(b, source, at, e.index(column), e.add(row, column), {});
    });
  };
  e.when(
      e.less(columnsOf(from), e.mul(from.panels, plan.panel)),
      [&] { finishRagged(b, source, from); },
      [&] { e.specialize(from.panels, finishedCounts(), whole); });
}

// The last panel starts early: what it has in common with the one before is stored there.
void MatmulEmitter::deliverTile(const Block &b, const Source &source, const Tile &tile,
                                int64_t rows, const Values &sums) {
  auto vectors = static_cast<int64_t>(sums.size()) / rows;
  bool ragged = source.lastStart &&
                llvm::any_of(spec.columns, [&](int64_t size) { return size % plan.panel != 0; });
  Values columns, masks(vectors);
  for (int64_t v = 0; v < vectors; ++v) {
    Value nominal = e.add(e.mul(tile.panel, plan.panel), v * lanes / plan.panel * plan.panel);
    Value start = source.lastStart ? e.min(nominal, source.lastStart) : nominal;
    columns.push_back(e.add(start, v * lanes % plan.panel));
    if (ragged)
      masks[v] = e.notFirstLanes(e.sub(nominal, columns[v]), lanes);
  }
  for (int64_t r = 0; r < rows; ++r) {
    Value row = e.add(tile.m, r);
    Value offset = e.mul(e.add(e.mul(b.batch, ops.m), row), ops.n);
    for (int64_t v = 0; v < vectors; ++v)
      sink(sums[r * vectors + v],
           {b.batch, row, columns[v], e.add(offset, columns[v]), masks[v], lanes});
  }
}

void MatmulEmitter::prepareRows(const Block &b) {
  bool transposed = spec.aLayout == MatrixLayout::Transposed;
  auto [start, rowStep, depthStep] = rowsFrom(b, b.m0);
  Value count = e.sub(b.m1, b.m0);
  int64_t bytes = math.isPairs() ? 2 : 1;
  Type element = math.isPairs() ? Type(e.builder.getBF16Type()) : spec.a;
  PreparedRows target{e.view(scratch, aBytes, element), e.div(rowBytes, e.index(bytes))};
  if (plan.tiles)
    target.line = kTileRowBytes / bytes;
  if (math.isPairs())
    return emitRoundRows(e, {ops.a, start, rowStep, depthStep, count, ops.k, !transposed}, target);
  ByteRows rows{ops.a, start, rowStep, depthStep, count, ops.k, spec.aSigned, !transposed};
  emitPrepareRows(e, rows, target, usesRowSums() ? rowSums : Value());
}

// sum (a - x)(b - y) = sum ab - x sum b - y sum a + K x y, with zero points moved as the bytes
// were.
Value MatmulEmitter::withoutZeroPoints(Value sum, const Block &b, const Source &source,
                                       const MatmulPosition &at) {
  Type i32 = spec.accumulator;
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIntOp::create(e.builder, e.loc, value, 32);
  };
  auto add = [&](Value x, Value y) { return e.builder.createOrFold<arith::AddIOp>(e.loc, x, y); };
  auto sub = [&](Value x, Value y) { return e.builder.createOrFold<arith::SubIOp>(e.loc, x, y); };
  auto mul = [&](Value x, Value y) { return e.builder.createOrFold<arith::MulIOp>(e.loc, x, y); };
  Value x, y;
  if (usesColumnSums()) {
    x = ops.aZeroPoint ? ops.aZeroPoint(e, at.m) : constant(0);
    x = e.broadcast(add(x, constant(spec.aSigned ? 128 : 0)), lanes);
    Value inPanel = e.rem(at.n, e.index(plan.panel));
    Value panel = panelStart(source, e.div(at.n, e.index(plan.panel)));
    Value sums = e.view(source.buffer, int64_t(0), i32);
    Value columnSums = e.load(sums, e.add(e.div(panel, e.index(4)), inPanel), lanes);
    sum = sub(sum, mul(x, columnSums));
  }
  if (usesRowSums()) {
    y = ops.bZeroPoint ? ops.bZeroPoint(e, at.n, lanes, at.mask) : e.broadcast(constant(0), lanes);
    y = add(y, e.broadcast(constant(spec.bSigned ? 0 : -128), lanes));
    Value rowSum = e.broadcast(e.load(rowSums, e.sub(at.m, b.m0)), lanes);
    sum = sub(sum, mul(y, rowSum));
  }
  if (x && y) {
    Value k = arith::IndexCastOp::create(e.builder, e.loc, i32, ops.k);
    sum = add(sum, mul(e.broadcast(k, lanes), mul(x, y)));
  }
  return sum;
}

} // namespace heddle::codegen
