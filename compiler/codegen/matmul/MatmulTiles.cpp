// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a block is cut into register tiles.
//
// Many rows: B waits in the second cache for all of them. Few rows read B once, in order, and
// memory is what they wait for; what several tiles read is divided into parts that wait in the
// first cache for the tiles after the first. MatmulAhead.cpp has what tiles ask for meanwhile.

#include "compiler/codegen/matmul/MatmulEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {

/// Of several tiles: steps that they share. Twice as many vectors of B and the rows of A fill the
/// first cache.
static constexpr int64_t kSharedSteps = 96;
/// Rows that are few even where tiles are low, and take several of them.
static constexpr int64_t kFewRows = 24;
/// What no cache holds.
static constexpr int64_t kBeyondCaches = 16 << 20;

/// Rows that take several tiles, and are worth asking for memory.
int64_t MatmulEmitter::leastOfSeveral() const { return std::max(plan.tallRows + 1, kAheadRows); }

int64_t MatmulEmitter::mostOnce() const {
  return hasTallTiles() ? 2 * plan.rows : std::max(2 * plan.rows, kFewRows);
}

Value MatmulEmitter::both(Value a, Value b) {
  return e.builder.createOrFold<arith::AndIOp>(e.loc, a, b);
}

Value MatmulEmitter::isFar() const {
  Value bytes = e.mul(e.mul(ops.n, ops.k), spec.b.getIntOrFloatBitWidth() / 8);
  return e.less(e.index(kBeyondCaches), bytes);
}

MatmulEmitter::Tiling MatmulEmitter::tilingOf(Value rows) {
  Tiling t;
  t.once = e.less(rows, e.index(mostOnce() + 1));
  Value no = e.boolean(false), tall = no;
  t.narrow = no;
  t.several = both(t.once, e.less(e.index(leastOfSeveral() - 1), rows));
  t.rows = e.index(plan.rows);
  t.panels = e.index(plan.panels);
  t.kParts = e.index(1);
  if (math.isBytes() || plan.tiles)
    return t;
  Value wide = e.less(rows, e.index(wideRows() + 1));
  if (hasTallTiles()) {
    tall = both(e.less(e.index(plan.rows), rows), e.less(rows, e.index(plan.tallRows + 1)));
    t.narrow = both(both(e.less(e.index(kNarrowRows - 1), rows), e.less(rows, e.index(kAheadRows))),
                    isFar());
    // From memory the usual runs are fast enough.
    wide = e.select(isFar(), no, wide);
    t.rows = e.select(tall, e.index(plan.tallRows), t.rows);
    t.panels = e.select(tall, e.index(plan.tallPanels), t.panels);
    t.panels = e.select(t.narrow, e.index(1), t.panels);
  }
  if (wideRows())
    t.panels = e.select(wide, e.index(widePanels()), t.panels);
  if (spec.inPlace) // results leave with their only part
    return t;
  Value whole = e.select(t.several, e.ceilDiv(steps, kSharedSteps), e.index(1));
  t.kParts = e.max(t.kParts, e.select(t.once, whole, e.ceilDiv(steps, plan.kBlock)));
  return t;
}

void MatmulEmitter::block(const Block &b, const Source &source) {
  Value rows = e.sub(b.m1, b.m0);
  const Tiling &tiling = b.tiling;
  Value kLength = e.div(e.add(steps, e.sub(tiling.kParts, e.index(1))), tiling.kParts);
  Value single = e.equal(tiling.kParts, e.index(1)), no = e.boolean(false);
  Value panels = e.sub(b.panel1, b.panel0);
  EvenSplit nTiles(e, panels, tiling.panels);
  int64_t unit = rowUnit();
  EvenSplit mTiles(e, e.ceilDiv(rows, unit), e.div(tiling.rows, e.index(unit)));
  // Few rows read the whole depth of some columns as one run; many stay with a part of A.
  Value outer = e.select(tiling.once, e.index(1), tiling.kParts);
  Value inner = e.select(tiling.once, tiling.kParts, e.index(1));
  auto tilesOf = [&](llvm::function_ref<void(Value kPart, Value nTile)> body) {
    e.loop(e.index(0), outer, e.index(1), [&](Value outerPart) {
      e.loop(e.index(0), nTiles.parts, e.index(1), [&](Value nTile) {
        e.loop(e.index(0), inner, e.index(1),
               [&](Value innerPart) { body(e.add(outerPart, innerPart), nTile); });
      });
    });
  };
  tilesOf([&](Value kPart, Value nTile) {
    Value isLast = e.equal(e.add(kPart, 1), tiling.kParts);
    Value full = e.mul(nTile, tiling.panels);
    Value firstPanel = e.select(b.joined, full, nTiles.start(e, nTile));
    Tile at;
    at.kBegin = e.mul(kPart, kLength);
    at.kEnd = e.min(steps, e.add(at.kBegin, kLength));
    at.isLast = isLast;
    at.panel = e.add(b.panel0, firstPanel);
    at.panels =
        e.select(b.joined, e.min(tiling.panels, e.sub(panels, full)), nTiles.length(e, nTile));
    // The same place of what is computed next: columns, else depth, or the other way round, else
    // the next block, else itself.
    Value right = e.mul(at.panels, source.panelStep), left = e.mul(firstPanel, source.panelStep);
    Value isLastColumn = e.equal(e.add(nTile, 1), nTiles.parts);
    Value isLastTile = both(isLast, isLastColumn);
    Value here = e.mul(at.kBegin, source.depthStep), deeper = e.mul(at.kEnd, source.depthStep);
    Value after = e.select(endsB(at), here, right);
    Value ofFew = e.select(isLast, after, deeper);
    Value ofMany =
        e.select(isLastColumn, e.select(isLast, after, e.sub(deeper, left)), e.add(here, right));
    at.next = e.select(tiling.once, ofFew, ofMany);
    // The next block may read the same columns, which are near then.
    at.isFirstToRead = e.select(isLastTile, b.areLastRows, b.areFirstRows);
    e.loop(e.index(0), mTiles.parts, e.index(1), [&](Value mTile) {
      Value firstRow = e.mul(mTiles.start(e, mTile), unit);
      at.index = mTile;
      at.sharing = mTiles.parts;
      at.m = e.add(b.m0, firstRow);
      at.rows = e.mul(mTiles.length(e, mTile), unit);
      if (unit > 1)
        at.rows = e.min(at.rows, e.sub(rows, firstRow));
      // Accumulators wait here between parts of K, and for the sink.
      Value column = e.select(tiling.once, e.index(0), e.mul(firstPanel, plan.panel));
      at.park = e.select(single, e.index(0), e.add(e.mul(firstRow, parkStride()), column));
      if (ops.prefetch)
        e.when(e.select(asksMeanwhile(tiling, at), no, isLast), [&] { prefetchTile(b, at); });
      tile(b, source, tiling, at);
      if (!spec.inPlace)
        e.when(isLast, [&] {
          finishTile(b, source,
                     {at.park, e.index(parkStride()), at.m, at.rows, at.panel, at.panels});
        });
    });
  });
  if (last.mayExist())
    e.when(b.last, [&] { lastColumns(b, source); });
}

void MatmulEmitter::lastColumns(const Block &b, const Source &source) {
  Rows a = rowsFrom(b, b.m0);
  Value rows = e.sub(b.m1, b.m0), columns = ops.b, start = panelStart(source, b.panel1);
  if (spec.inPlace) {
    columns = e.view(scratch, parkedBytes(plan, 4), spec.accumulator);
    PanelSource matrix{ops.b, b.offsets.b, source.depthStep, false, ops.n, ops.k};
    Value first = e.mul(b.panel1, plan.panel);
    start = e.index(0);
    e.when(b.isFirst, [&] { last.copy(e, matrix, first, columns, start); });
  }
  last.emit(e, {ops.a, a.start, a.rowStep, rows, columns, start, parked});
  finishRagged(b, source, {e.index(0), last.stride(e), b.m0, rows, b.panel1, e.index(1)});
}

MatmulEmitter::Rows MatmulEmitter::rowsFrom(const Block &b, Value m) {
  bool transposed = spec.aLayout == MatrixLayout::Transposed;
  Value stride = ops.aStride ? ops.aStride : transposed ? ops.m : ops.k, one = e.index(1);
  Rows rows{{}, transposed ? one : stride, transposed ? stride : one};
  rows.start = e.add(b.offsets.a, e.mul(m, rows.rowStep));
  return rows;
}

void MatmulEmitter::tileInRegisters(const Block &b, const Source &source, const Tile &at) {
  TileProduct product;
  product.a = e.view(scratch, aBytes, spec.accumulator);
  product.steps = e.div(rowBytes, e.index(4));
  product.aStart = e.mul(e.sub(at.m, b.m0), product.steps);
  product.b = source.buffer;
  product.c = parked;
  product.cStart = at.park;
  product.cRowStep = parkStride();
  product.bytes = math.isBytes();
  e.specialize(at.panels, panelCounts(), [&](int64_t panelCount) {
    product.panels = panelCount;
    product.bPanels.clear();
    for (int64_t j = 0; j < panelCount; ++j)
      product.bPanels.push_back(e.add(panelStart(source, e.add(at.panel, j)), panelHeader()));
    e.specialize(e.ceilDiv(at.rows, kTileRows), {1, 2}, [&](int64_t blocks) {
      product.rowBlocks = blocks;
      emitTileProduct(e, product);
    });
  });
}

void MatmulEmitter::tile(const Block &b, const Source &source, const Tiling &tiling,
                         const Tile &at) {
  if (plan.tiles)
    return tileInRegisters(b, source, at);
  RegisterTile tile;
  if (math.preparesA()) {
    tile.a = e.view(scratch, aBytes, spec.accumulator);
    tile.aRowStep = e.div(rowBytes, e.index(4));
    tile.aDepthStep = e.index(1);
    tile.aStart = e.mul(e.sub(at.m, b.m0), tile.aRowStep);
  } else {
    Rows rows = rowsFrom(b, at.m);
    tile.a = ops.a;
    tile.aRowStep = rows.rowStep;
    tile.aDepthStep = rows.depthStep;
    tile.aStart = rows.start;
  }
  tile.b = source.buffer;
  tile.bDepthStep = source.depthStep;
  tile.kBegin = at.kBegin;
  tile.kEnd = at.kEnd;
  tile.vectorsPerPanel = plan.panel / math.columns();
  Value first = e.equal(at.kBegin, e.index(0));
  e.specialize(at.panels, panelCounts(), [&](int64_t panelCount) {
    tile.panels = panelCount;
    tile.bPanels.clear();
    for (int64_t j = 0; j < panelCount; ++j)
      tile.bPanels.push_back(e.add(panelStart(source, e.add(at.panel, j)), panelHeader()));
    auto body = [&](int64_t rowCount) {
      tile.rows = rowCount;
      tile.lastRow = rowCount >= leastPaired() ? e.sub(at.rows, e.index(1)) : Value();
      int64_t vectors = panelCount * tile.vectorsPerPanel;
      auto slot = [&](int64_t r, int64_t j) {
        return e.add(at.park, r * parkStride() + j * math.columns());
      };
      SmallVector<Type> types(rowCount * vectors, math.vectorType());
      Values sums(types.size(), math.zero(e));
      if (!math.isBytes() && rowCount <= plan.rows)
        sums = e.choose(
            first, types, [&] { return sums; },
            [&] {
              Values loaded;
              for (int64_t r = 0; r < rowCount; ++r)
                for (int64_t j = 0; j < vectors; ++j)
                  loaded.push_back(e.load(parked, slot(r, j), math.columns()));
              return loaded;
            });
      Tile counted = at;
      counted.panels = e.index(panelCount);
      if (ops.prefetch && !plan.tiles && spec.bLayout != MatrixLayout::Packed)
        tile.between = resultsBetween(b, counted, rowCount);
      sums = multiply(b, source, tiling, at, tile, sums);
      if (spec.inPlace)
        return deliverTile(b, source, at, rowCount, sums);
      for (int64_t r = 0; r < rowCount; ++r)
        for (int64_t j = 0; j < vectors; ++j)
          e.store(sums[r * vectors + j], parked, slot(r, j));
    };
    e.specialize(computedRows(at), rowCounts(panelCount), body);
  });
}

} // namespace heddle::codegen
