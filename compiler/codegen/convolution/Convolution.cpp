// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/Convolution.h"

#include <set>

#include "compiler/codegen/convolution/ConvolutionEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace heddle::codegen {

void ConvolutionEmitter::prepare() {
  groupChannels = e.div(ops.ic, ops.groups);
  groupOutputs = e.div(ops.oc, ops.groups);
  steps = e.ceilDiv(groupChannels, math.depth());
  if (math.isBytes()) {
    inputZero = arith::ConstantIntOp::create(e.builder, e.loc, spec.inputSigned ? 128 : 0, 32);
    if (ops.inputZeroPoint)
      inputZero = e.add(inputZero, ops.inputZeroPoint(e));
  }
}

Value ConvolutionEmitter::ColumnTiles::column(Emitter &e, Value tile) const {
  return e.mul(e.sub(split.start(e, e.add(first, tile)), split.start(e, first)), unit);
}
Value ConvolutionEmitter::ColumnTiles::columns(Emitter &e, Value tile) const {
  return e.mul(split.length(e, e.add(first, tile)), unit);
}

ConvolutionEmitter::RowSplit::RowSplit(Emitter &e, Value units, const ConvolutionPlan &plan,
                                       int64_t unit, Value width)
    : unit(unit), width(width), tiles(e, units, plan.tileColumns / unit),
      blocks(e, tiles.parts, plan.columnBlock / plan.tileColumns) {}

ConvolutionEmitter::RowSplit ConvolutionEmitter::splitRow(const BlockUnits &units) {
  int64_t pairs = 2 * phases();
  bool known = getConstantIntValue(units.width).has_value();
  if (known || units.columns != 1 || spec.narrowWidth != 0 || plan.tileColumns % pairs != 0)
    return RowSplit(e, units.width, plan, units.columns);
  return RowSplit(e, e.ceilDiv(units.width, pairs), plan, pairs, units.width);
}

ConvolutionEmitter::ColumnTiles ConvolutionEmitter::RowSplit::tilesOf(Emitter &e,
                                                                      Value part) const {
  return {tiles, unit, bool(width), blocks.start(e, part), blocks.length(e, part)};
}

PixelBlock ConvolutionEmitter::RowSplit::block(Emitter &e, Value part) const {
  Value first = blocks.start(e, part), column = tiles.start(e, first);
  Value end = tiles.start(e, e.add(first, blocks.length(e, part)));
  Value columns = e.mul(e.sub(end, column), unit);
  column = e.mul(column, unit);
  return {.column = column, .columns = width ? e.min(columns, e.sub(width, column)) : columns};
}

void ConvolutionEmitter::run(Value begin, Value end) {
  run(begin, end, {.height = ops.outputSize[1], .width = ops.outputSize[2]});
}

void ConvolutionEmitter::run(Value begin, Value end, const BlockUnits &units) {
  prepare();
  e.loop(begin, end, e.index(1), [&](Value index) { point(index, end, units); });
}

void ConvolutionEmitter::rows(Value n, Value row, Value rows, Value panel, Value panels) {
  prepare();
  EvenSplit rowSplit(e, rows, plan.rowBlock);
  RowSplit columnSplit = splitRow({.height = rows, .width = ops.outputSize[2]});
  Value always = arith::ConstantIntOp::create(e.builder, e.loc, 1, 1);
  Value columnParts = columnSplit.blocks.parts, parts = e.mul(rowSplit.parts, columnParts);
  auto placeOf = [&](Value part) {
    Value rowPart = e.div(part, columnParts), columnPart = e.rem(part, columnParts);
    PixelBlock block = columnSplit.block(e, columnPart);
    block.depth = e.index(0);
    block.row = e.add(row, rowSplit.start(e, rowPart));
    block.rows = rowSplit.length(e, rowPart);
    return Place{n,
                 e.index(0),
                 panel,
                 panels,
                 block,
                 rowSplit.knownLengths(),
                 columnSplit.tilesOf(e, columnPart)};
  };
  e.loop(e.index(0), parts, e.index(1), [&](Value part) {
    Value next = e.add(part, 1);
    panelTiles(placeOf(part), always, placeOf(next), e.less(next, parts));
  });
}

bool ConvolutionEmitter::panelsComeFirst() const {
  std::optional<int64_t> outputs = getConstantIntValue(groupOutputs), pixels = 1;
  for (Value size : ops.outputSize) {
    std::optional<int64_t> known = getConstantIntValue(size);
    if (!known)
      return true;
    *pixels *= *known;
  }
  return patchIsCopied() || !outputs || *outputs < 2 * *pixels;
}

// Points run over the channel blocks first: they share a patch. Where it is the input itself, they run
// over the pixels first if filters are the larger operand: a thread then reads its part of them, once.
void ConvolutionEmitter::point(Value index, Value end, const BlockUnits &units) {
  EvenSplit rowSplit(e, units.height, plan.rowBlock / units.rows);
  RowSplit columnSplit = splitRow(units);
  Value groupPanels = e.ceilDiv(groupOutputs, plan.panel);
  EvenSplit panelSplit(e, groupPanels, plan.channelBlock / plan.panel);
  SmallVector<int64_t> heights = rowSplit.knownLengths();
  for (int64_t &height : heights)
    height *= units.rows;
  Value pixelParts = e.mul(columnSplit.blocks.parts, rowSplit.parts);
  bool panelsFirst = panelsComeFirst();
  auto placeOf = [&](Value index) {
    Value rest = index;
    auto next = [&](Value size) {
      Value digit = e.rem(rest, size);
      rest = e.div(rest, size);
      return digit;
    };
    Value first = next(panelsFirst ? panelSplit.parts : pixelParts);
    Value second = next(panelsFirst ? pixelParts : panelSplit.parts);
    Value panelPart = panelsFirst ? first : second, pixelPart = panelsFirst ? second : first;
    Value columnPart = e.rem(pixelPart, columnSplit.blocks.parts);
    Value rowPart = e.div(pixelPart, columnSplit.blocks.parts);
    PixelBlock block = columnSplit.block(e, columnPart);
    block.row = e.mul(rowSplit.start(e, rowPart), units.rows);
    block.rows = e.mul(rowSplit.length(e, rowPart), units.rows);
    block.depth = next(ops.outputSize[0]);
    Value group = next(ops.groups);
    return Place{rest,  group,   panelSplit.start(e, panelPart),    panelSplit.length(e, panelPart),
                 block, heights, columnSplit.tilesOf(e, columnPart)};
  };
  Place place = placeOf(index);
  Value next = e.add(index, 1), zero = e.index(0);
  // Which patch scratch holds is its first number; 0: none.
  Type i64 = e.builder.getI64Type();
  Value held = e.view(scratch, int64_t(0), i64);
  Value patch =
      arith::IndexCastOp::create(e.builder, e.loc, i64, e.add(e.div(index, panelSplit.parts), 1));
  Value refill =
      arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::ne, e.load(held, zero), patch);
  e.store(patch, held, zero);
  Value otherPatch = e.equal(e.rem(next, panelSplit.parts), zero);
  Value nextExists = arith::AndIOp::create(e.builder, e.loc, otherPatch, e.less(next, end));
  if (!panelsFirst) // all of the input is near after the first panels
    nextExists = arith::ConstantIntOp::create(e.builder, e.loc, 0, 1);
  if (units.started)
    units.started(place);
  panelTiles(place, refill, placeOf(next), nextExists);
  if (units.finished)
    units.finished(place);
}

void ConvolutionEmitter::panelTiles(const Place &place, Value refill, const Place &next,
                                    Value nextExists) {
  InputPatch patch = patchOf(place, refill);
  EvenSplit tiles(e, place.panels, plan.panels);
  Value turns = e.mul(tilesIn(place), tapRows());
  PatchAhead ahead(e, spec, ops.input, firstPlane(next), groupChannels, ops.inputSize, next.block,
                   nextExists, e.mul(tiles.parts, turns));
  e.loop(e.index(0), tiles.parts, e.index(1), [&](Value tile) {
    Place part = place;
    part.panel = e.add(place.panel, tiles.start(e, tile));
    part.panels = tiles.length(e, tile);
    channelPanels(part, patch, ahead, e.mul(tile, turns));
  });
}

// All pixels of the block for one or a few panels, whose filters stay in the second cache.
void ConvolutionEmitter::channelPanels(const Place &place, const InputPatch &patch,
                                       const PatchAhead &ahead, Value firstTurn) {
  const auto &[n, group, panel, panels, block, heights, tiles] = place;
  int64_t taps = spec.window[0] * spec.window[1] * spec.window[2];
  Tile tile;
  tile.patch = patch;
  tile.ahead = &ahead;
  tile.panelStep = panelSize(e, math, steps, taps, plan.panel);
  Value groupPanels = e.ceilDiv(groupOutputs, plan.panel);
  tile.filter = e.mul(e.add(e.mul(group, groupPanels), panel), tile.panelStep);
  Value channel = e.mul(panel, plan.panel);
  Value channels = e.min(e.mul(panels, plan.panel), e.sub(groupOutputs, channel));
  Channels all{n, e.add(e.mul(group, groupOutputs), channel), channels, block};
  e.specialize(panels, panelCounts(), [&](int64_t panelCount) {
    tile.panels = panelCount;
    if (spec.narrowWidth != 0)
      narrowTiles(place, all, tile, firstTurn);
    else
      rowTiles(place, all, tile, firstTurn);
  });
}

SmallVector<int64_t> ConvolutionEmitter::panelCounts() const {
  SmallVector<int64_t> known;
  if (std::optional<int64_t> outputs = getConstantIntValue(groupOutputs))
    known.push_back((*outputs + plan.panel - 1) / plan.panel);
  return tileLengths(known, plan.channelBlock / plan.panel, plan.panels);
}

Value ConvolutionEmitter::tilesIn(const Place &place) {
  if (spec.narrowWidth != 0)
    return e.ceilDiv(place.block.rows, tileRows());
  return e.mul(place.block.rows, e.mul(place.tiles.count, phases()));
}

// Tiles within rows, which are delivered one by one.
void ConvolutionEmitter::rowTiles(const Place &place, const Channels &channels, Tile &tile,
                                  Value firstTurn) {
  const PixelBlock &block = place.block;
  const ColumnTiles &tiles = place.tiles;
  PatchGeometry geometry(e, spec, block, 1);
  std::set<int64_t> pixelCounts;
  int64_t mostUnits = plan.tileColumns / tiles.unit;
  for (int64_t columns : tileLengths(tiles.split.knownLengths(), mostUnits, mostUnits))
    pixelCounts.insert((columns * tiles.unit + phases() - 1) / phases());
  tile.turnShare = e.div(e.index(1 << 16), e.mul(block.rows, tiles.count));
  e.loop(e.index(0), block.rows, e.index(1), [&](Value row) {
    e.loop(e.index(0), tiles.count, e.index(1), [&](Value part) {
      tile.turn = e.add(e.mul(row, tiles.count), part);
      Value column = tiles.column(e, part), pixels = tiles.columns(e, part), existing = pixels;
      if (tiles.endsEarly) {
        existing = e.min(pixels, e.sub(block.columns, column));
        tile.lastPixel = e.sub(e.ceilDiv(existing, phases()), e.index(1));
      }
      tile.results = {&channels, row, column, existing, {}};
      tile.pixelStep = phases();
      e.loop(e.index(0), e.index(phases()), e.index(1), [&](Value phase) {
        tile.firstPixel = e.add(column, phase);
        tile.results.firstTurn = e.mul(phase, channelBlocks());
        tile.aheadTurn =
            e.add(firstTurn, e.mul(e.add(e.mul(tile.turn, phases()), phase), tapRows()));
        placeTile(tile, geometry, block, row, e.add(column, phase));
        e.specialize(e.ceilDiv(pixels, phases()), llvm::to_vector(pixelCounts),
                     [&](int64_t pixelCount) {
                       tile.pixels = pixelCount;
                       accumulate(tile);
                     });
      });
    });
    finish(channels, tile, e.add(block.row, row), block.column, block.columns);
  });
}

// Tiles of several rows, all of which are one run of results.
void ConvolutionEmitter::narrowTiles(const Place &place, const Channels &channels, Tile &tile,
                                     Value firstTurn) {
  const PixelBlock &block = place.block;
  EvenSplit tiles(e, block.rows, tileRows());
  PatchGeometry geometry(e, spec, block, 1);
  Value zero = e.index(0);
  tile.turnShare = e.div(e.index(1 << 16), tiles.parts);
  tile.pixelStep = 1;
  e.loop(zero, tiles.parts, e.index(1), [&](Value part) {
    tile.turn = part;
    tile.aheadTurn = e.add(firstTurn, e.mul(part, tapRows()));
    Value row = tiles.start(e, part), rows = tiles.length(e, part);
    tile.firstPixel = e.mul(row, spec.narrowWidth);
    placeTile(tile, geometry, block, row, zero);
    tile.results = {&channels, row, zero, e.mul(rows, spec.narrowWidth), zero};
    e.specialize(rows, tileLengths(place.heights, plan.rowBlock, tileRows()),
                 [&](int64_t rowCount) {
                   tile.pixels = rowCount * spec.narrowWidth;
                   accumulate(tile);
                 });
  });
  finish(channels, tile, zero, e.mul(block.row, spec.narrowWidth),
         e.mul(block.rows, spec.narrowWidth));
}

void emitConvolution(Emitter &e, const ConvolutionSpec &spec, const ConvolutionOperands &operands,
                     Value begin, Value end, Value scratch, PixelSink sink) {
  ConvolutionEmitter(e, spec, operands, scratch, sink).run(begin, end);
}

} // namespace heddle::codegen
