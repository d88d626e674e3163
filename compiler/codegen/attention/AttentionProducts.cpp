// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The two products of a block: queries and keys, weights and values.

#include "compiler/codegen/attention/AttentionEmitter.h"
#include "compiler/codegen/matmul/PackPanels.h"
#include "compiler/codegen/matmul/RegisterTile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {

void AttentionEmitter::products(const Block &block) {
  if (!spec.keysAreRows)
    return productsOfTiles(block);
  e.when(
      e.less(e.index(plan.few), block.rows), [&] { productsOfTiles(block); },
      [&] { productsOfFew(block); });
}

// For a few queries, packing keys costs more than it saves: they are read once, as they are stored.
void AttentionEmitter::productsOfFew(const Block &block) {
  Value last = e.sub(block.count, e.index(1));
  e.loop(e.index(0), block.count, e.index(lanes), [&](Value first) {
    Values keys;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      Value key = e.add(block.key0, e.min(e.add(first, lane), last));
      keys.push_back(e.add(block.starts.key, e.mul(key, ops.keyStep)));
    }
    e.loop(e.index(0), block.rows, e.index(1), [&](Value row) {
      Value query = e.add(block.starts.query, e.mul(e.add(block.query0, row), ops.queryStep));
      Values products = e.loop(e.index(0), ops.depth, e.index(lanes), Values(lanes, number(0)),
                               [&](Value depth, ValueRange carried) {
                                 Value inside = e.firstLanes(e.sub(ops.depth, depth), lanes);
                                 auto read = [&](Value buffer, Value start) {
                                   Value elements =
                                       e.load(buffer, e.add(start, depth), lanes, inside);
                                   return e.convertFloat(elements, spec.accumulator);
                                 };
                                 Value elements = read(ops.query, query);
                                 Values next;
                                 for (auto [key, sum] : llvm::zip(keys, carried))
                                   next.push_back(e.fma(elements, read(ops.key, key), sum));
                                 return next;
                               });
      // Lane i of each to lane i of one.
      products = e.transpose(products);
      for (size_t half = products.size() / 2; half > 0; half /= 2)
        for (size_t i = 0; i < half; ++i)
          products[i] = arith::AddFOp::create(e.builder, e.loc, products[i], products[i + half]);
      e.store(products[0], scores, e.add(e.mul(row, plan.keys), first));
    });
  });
}

void AttentionEmitter::rowTiles(Value rows,
                                llvm::function_ref<void(Value first, int64_t count)> body) {
  EvenSplit tiles(e, rows, plan.rows);
  e.loop(e.index(0), tiles.parts, e.index(1), [&](Value tile) {
    Value first = tiles.start(e, tile);
    e.specialize(tiles.length(e, tile), tileLengths({}, plan.queries, plan.rows),
                 [&](int64_t count) { body(first, count); });
  });
}

void AttentionEmitter::productsOfTiles(const Block &block) {
  Value panelSize = e.mul(ops.depth, plan.panel);
  Value first = e.mul(block.key0, ops.keyStep);
  PanelSource keys{ops.key,
                   e.add(block.starts.key, first),
                   spec.keysAreRows ? ops.keyStep : ops.keyDepthStep,
                   spec.keysAreRows,
                   block.count,
                   ops.depth};
  e.loop(e.index(0), e.ceilDiv(block.count, plan.panel), e.index(1), [&](Value panel) {
    emitPackPanel(e, keys, e.mul(panel, plan.panel), plan.panel, keyPanels,
                  e.mul(panel, panelSize));
  });
  // A tile may compute a panel too much: what stands there is no product, and not used.
  e.loop(e.index(0), block.count, e.index(plan.panels * plan.panel), [&](Value column) {
    rowTiles(block.rows, [&](Value row, int64_t count) {
      RegisterTile tile;
      tile.a = ops.query;
      tile.aStart = e.add(block.starts.query, e.mul(e.add(block.query0, row), ops.queryStep));
      tile.aRowStep = ops.queryStep;
      tile.aDepthStep = e.index(1);
      tile.b = keyPanels;
      tile.bDepthStep = e.index(plan.panel);
      for (int64_t panel = 0; panel < plan.panels; ++panel)
        tile.bPanels.push_back(e.mul(e.add(column, panel * plan.panel), ops.depth));
      tile.kBegin = e.index(0);
      tile.kEnd = ops.depth;
      tile.rows = count;
      tile.panels = plan.panels;
      tile.vectorsPerPanel = plan.panel / lanes;
      int64_t vectors = tile.panels * tile.vectorsPerPanel;
      Values sums = emitRegisterTile(e, math, tile, Values(count * vectors, math.zero(e)));
      for (int64_t r = 0; r < count; ++r)
        for (int64_t v = 0; v < vectors; ++v)
          e.store(sums[r * vectors + v], scores,
                  e.add(e.add(e.mul(e.add(row, r), plan.keys), column), v * lanes));
    });
  });
}

// One tile of queries reads values once, and where they are if whole panels of them are stored.
AttentionEmitter::Matrix AttentionEmitter::panelsOfValues(const Block &block) {
  Value start = e.add(block.starts.value, e.mul(block.key0, ops.valueStep));
  Value panelSize = e.mul(block.count, plan.panel);
  PanelSource values{ops.value, start, ops.valueStep, /*transposed=*/false, ops.width, block.count};
  auto pack = [&] {
    e.loop(e.index(0), e.ceilDiv(ops.width, plan.panel), e.index(1), [&](Value panel) {
      emitPackPanel(e, values, e.mul(panel, plan.panel), plan.panel, valuePanels,
                    e.mul(panel, panelSize));
    });
  };
  Matrix packed{valuePanels, e.index(0), panelSize, e.index(plan.panel)};
  if (spec.stored != spec.accumulator) {
    pack();
    return packed;
  }
  Value once = e.less(block.rows, e.index(plan.rows + 1));
  Value direct = arith::AndIOp::create(e.builder, e.loc, e.equal(wide, ops.width), once);
  e.when(
      direct, [] {}, pack);
  return {e.select(direct, ops.value, packed.buffer), e.select(direct, start, packed.start),
          e.select(direct, e.index(plan.panel), packed.panelStep),
          e.select(direct, ops.valueStep, packed.depthStep)};
}

void AttentionEmitter::addValues(const Block &block) {
  Matrix values = panelsOfValues(block);
  EvenSplit panels(e, e.ceilDiv(ops.width, plan.panel), plan.panels);
  e.loop(e.index(0), panels.parts, e.index(1), [&](Value part) {
    Value panel = panels.start(e, part);
    e.specialize(
        panels.length(e, part), tileLengths({}, plan.panels, plan.panels), [&](int64_t panelCount) {
          rowTiles(block.rows, [&](Value row, int64_t count) {
            RegisterTile tile;
            tile.a = scores;
            tile.aStart = e.mul(row, plan.keys);
            tile.aRowStep = e.index(plan.keys);
            tile.aDepthStep = e.index(1);
            tile.b = values.buffer;
            tile.bDepthStep = values.depthStep;
            for (int64_t p = 0; p < panelCount; ++p)
              tile.bPanels.push_back(e.add(values.start, e.mul(e.add(panel, p), values.panelStep)));
            tile.kBegin = e.index(0);
            tile.kEnd = block.count;
            tile.rows = count;
            tile.panels = panelCount;
            tile.vectorsPerPanel = plan.panel / lanes;
            int64_t vectors = panelCount * tile.vectorsPerPanel;
            auto slot = [&](int64_t r, int64_t v) {
              Value start = e.add(e.mul(e.add(row, r), wide), e.mul(panel, plan.panel));
              return e.add(start, v * lanes);
            };
            Values sums;
            for (int64_t r = 0; r < count; ++r)
              for (int64_t v = 0; v < vectors; ++v)
                sums.push_back(e.load(results, slot(r, v), lanes));
            sums = emitRegisterTile(e, math, tile, sums);
            for (int64_t r = 0; r < count; ++r)
              for (int64_t v = 0; v < vectors; ++v)
                e.store(sums[r * vectors + v], results, slot(r, v));
          });
        });
  });
}

} // namespace heddle::codegen
