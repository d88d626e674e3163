// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/Winograd.h"

#include <set>

#include "compiler/codegen/convolution/TurnedResults.h"
#include "compiler/codegen/convolution/WinogradEmitter.h"
#include "compiler/codegen/matmul/RegisterTile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {

WinogradEmitter::WinogradEmitter(Emitter &e, const WinogradSpec &spec,
                                 const ConvolutionOperands &ops, Value scratch, PixelSink sink)
    : e(e), spec(spec), ops(ops), plan(planWinograd(spec, e.target)), sink(sink), scratch(scratch),
      math(e.target, spec.convolution.element), lanes(math.columns()),
      perPanel(plan.panel / lanes) {
  auto part = [&](int64_t offset) { return e.view(scratch, offset, spec.convolution.element); };
  turned = part(plan.turnedOffset);
  patch = part(plan.patchOffset);
  inputs = part(plan.inputOffset);
  partial = part(plan.productOffset);
  rows = part(plan.rowOffset);
}

// Points run over the panels first: they share transformed inputs.
void WinogradEmitter::point(Value index, Value end) {
  auto &[depth, height, width] = ops.outputSize;
  EvenSplit columnSplit(e, e.ceilDiv(width, 2), plan.columnTiles);
  EvenSplit rowSplit(e, e.ceilDiv(height, 2), rowTilesOf(columnSplit.length(e, e.index(0))));
  int64_t allPanels = (spec.outputs + plan.panel - 1) / plan.panel;
  EvenSplit panelSplit(e, e.index(allPanels), plan.panels);
  auto placeOf = [&](Value index) {
    Value panelPart = e.rem(index, panelSplit.parts), rest = e.div(index, panelSplit.parts);
    Value columnPart = e.rem(rest, columnSplit.parts);
    rest = e.div(rest, columnSplit.parts);
    Value rowPart = e.rem(rest, rowSplit.parts);
    return Place{e.div(rest, rowSplit.parts),      panelSplit.start(e, panelPart),
                 panelSplit.length(e, panelPart),  rowSplit.start(e, rowPart),
                 rowSplit.length(e, rowPart),      columnSplit.start(e, columnPart),
                 columnSplit.length(e, columnPart)};
  };
  Place place = placeOf(index), next = placeOf(e.add(index, 1));
  // Which block scratch holds is its first number; 0: none.
  Type i64 = e.builder.getI64Type();
  Value held = e.view(scratch, int64_t(0), i64), zero = e.index(0);
  Value block =
      arith::IndexCastOp::create(e.builder, e.loc, i64, e.add(e.div(index, panelSplit.parts), 1));
  Value isNew =
      arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::ne, e.load(held, zero), block);
  e.when(isNew, [&] { transformInput(place); });
  e.store(block, held, zero);

  Value nextIndex = e.add(index, 1);
  Value nextIsNew = arith::AndIOp::create(
      e.builder, e.loc, e.equal(e.rem(nextIndex, panelSplit.parts), zero), e.less(nextIndex, end));
  EvenSplit tiles(e, e.mul(place.rows, place.columns), plan.pixels);
  PatchAhead ahead(e, spec.convolution, ops.input, firstPlane(next), e.index(spec.channels),
                   ops.inputSize, pixelsOf(next), nextIsNew, e.mul(tiles.parts, kPositions));
  e.specialize(place.panels, tileLengths({allPanels}, allPanels, plan.panels),
               [&](int64_t panels) { products(place, ahead, panels); });
  e.when(results(place), [&] { direct(place); });
  deliver(place);
}

Value WinogradEmitter::rowTilesOf(Value columns) {
  if (spec.width)
    return e.index(plan.rowTiles);
  return e.div(e.index(plan.blockTiles()), e.max(columns, e.index(1)));
}

PixelBlock WinogradEmitter::pixelsOf(const Place &place) {
  return {.depth = e.index(0),
          .row = e.mul(place.row, 2),
          .rows = e.mul(place.rows, 2),
          .column = e.mul(place.column, 2),
          .columns = e.mul(place.columns, 2)};
}

Value WinogradEmitter::channelsOf(const Place &place) {
  return e.min(e.mul(place.panels, plan.panel), e.sub(e.index(spec.outputs), firstChannel(place)));
}

Value WinogradEmitter::rowPitch(const Place &place) {
  return plan.joined ? ops.outputSize[2] : e.mul(place.columns, 2);
}

void WinogradEmitter::eachRun(const Place &place,
                              llvm::function_ref<void(Value, Value, Value, Value)> body) {
  PixelBlock block = pixelsOf(place);
  auto &[depth, height, width] = ops.outputSize;
  Value rowCount = e.min(block.rows, e.sub(height, block.row)), zero = e.index(0);
  if (plan.joined)
    return body(zero, e.mul(block.row, width), e.mul(rowCount, width), zero);
  Value pixels = e.min(block.columns, e.sub(width, block.column));
  e.loop(zero, rowCount, e.index(1), [&](Value row) {
    body(e.add(block.row, row), block.column, pixels, e.mul(row, block.columns));
  });
}

SmallVector<int64_t> WinogradEmitter::tileCounts() const {
  if (!spec.width || !spec.height || *spec.width == 0 || *spec.height == 0)
    return tileLengths({}, plan.pixels, plan.pixels);
  std::set<int64_t> blocks;
  for (int64_t rows : tileLengths({(*spec.height + 1) / 2}, *spec.height, plan.rowTiles))
    for (int64_t columns : tileLengths({(*spec.width + 1) / 2}, *spec.width, plan.columnTiles))
      blocks.insert(rows * columns);
  return tileLengths(llvm::to_vector(blocks), plan.blockTiles(), plan.pixels);
}

// The products of one position after the other: its filters stay in the caches for all of the
// block's tiles, while those of the next position are asked for.
void WinogradEmitter::products(const Place &place, const PatchAhead &ahead, int64_t panels) {
  constexpr int64_t firstCacheShare = 128 << 10;
  Value zero = e.index(0), one = e.index(1), count = e.mul(place.rows, place.columns);
  EvenSplit tiles(e, count, plan.pixels);
  int64_t positionSize = spec.channels * plan.panel, panelSize = kPositions * positionSize;
  bool filtersFit = spec.channels * spec.outputs * kPositions * 4 <= firstCacheShare;
  e.loop(zero, e.index(kPositions), one, [&](Value position) {
    prefetchResults(place, position);
    Values filters;
    for (int64_t j = 0; j < panels; ++j)
      filters.push_back(
          e.add(e.mul(e.add(place.panel, j), panelSize), e.mul(position, positionSize)));
    // After the last position come the next panels.
    Value isLast = e.equal(position, e.index(kPositions - 1));
    Value nextFilters =
        e.select(isLast, e.index((panels - 1) * panelSize + positionSize), e.index(positionSize));
    e.loop(zero, tiles.parts, one, [&](Value part) {
      ahead.prefetch(e, e.add(e.mul(position, tiles.parts), part));
      Value start = tiles.start(e, part);
      e.specialize(tiles.length(e, part), tileCounts(), [&](int64_t length) {
        RegisterTile tile{.a = inputs,
                          .aStart = e.add(e.mul(position, plan.inputStep), start),
                          .aRowStep = one,
                          .aDepthStep = e.index(plan.blockTiles()),
                          .b = ops.filter,
                          .bDepthStep = e.index(plan.panel),
                          .bPanels = filters,
                          .kBegin = zero,
                          .kEnd = e.index(spec.channels),
                          .rows = length,
                          .panels = panels,
                          .vectorsPerPanel = perPanel};
        if (!filtersFit)
          tile.ahead = Ahead{.from = nextFilters,
                             .step = e.index(plan.panel),
                             .wrapAt = {},
                             .shift = {},
                             .cache = Emitter::Cache::Second};
        int64_t vectors = panels * perPanel;
        Values sums = emitRegisterTile(e, math, tile, Values(length * vectors, math.zero(e)));
        Value at = e.add(e.mul(position, plan.productStep), e.mul(start, plan.tileRow()));
        for (int64_t i = 0; i < length; ++i)
          for (int64_t j = 0; j < vectors; ++j)
            e.store(sums[i * vectors + j], partial, e.add(at, i * plan.tileRow() + j * lanes));
      });
    });
  });
}

// A share of the channels for each position.
void WinogradEmitter::prefetchResults(const Place &place, Value position) {
  if (!ops.prefetch)
    return;
  EvenSplit shares(e, channelsOf(place), (plan.tileRow() + kPositions - 1) / kPositions);
  auto &[depth, height, width] = ops.outputSize;
  Value one = e.index(1),
        count = e.select(e.less(position, shares.parts), shares.length(e, position), e.index(0));
  Value first = e.add(firstChannel(place), shares.start(e, position));
  e.loop(first, e.add(first, count), one, [&](Value channel) {
    eachRun(place, [&](Value row, Value column, Value pixels, Value) {
      auto ask = [&](Value pixel) {
        PixelPosition at;
        at.n = place.n;
        at.channel = channel;
        at.lanes = 1;
        at.pixel = {e.index(0), row, pixel};
        Value plane = e.add(e.mul(place.n, ops.oc), channel);
        at.offset = e.add(e.mul(e.add(e.mul(plane, height), row), width), pixel);
        ops.prefetch(e, at);
      };
      Value end = e.add(column, pixels);
      e.loop(column, end, e.index(16), ask);
      ask(e.sub(end, one));
    });
  });
}

void WinogradEmitter::deliver(const Place &place) {
  ChannelResults channels{rows, plan.tileRow(), turned, lanes};
  eachRun(place, [&](Value row, Value column, Value pixels, Value first) {
    deliverTurned(
        e, ops, channels,
        {place.n, firstChannel(place), channelsOf(place), e.index(0), row, column, pixels, first},
        [&](Value sum, const PixelPosition &at, Value) { sink(sum, at); });
  });
}

void emitWinograd(Emitter &e, const WinogradSpec &spec, const ConvolutionOperands &operands,
                  Value begin, Value end, Value scratch, PixelSink sink) {
  WinogradEmitter winograd(e, spec, operands, scratch, sink);
  e.loop(begin, end, e.index(1), [&](Value index) { winograd.point(index, end); });
}

} // namespace heddle::codegen
