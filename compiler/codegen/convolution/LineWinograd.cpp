// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/LineWinograd.h"

#include "compiler/codegen/convolution/FilterLayout.h"
#include "compiler/codegen/convolution/LineWinogradEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

/// Of the first cache, for the transformed inputs of a position.
constexpr int64_t kInputBytes = 6 << 10;

int64_t roundUp(int64_t size, int64_t to) { return (size + to - 1) / to * to; }

} // namespace

bool LineWinogradSpec::fits(const Target &target) const {
  int64_t lanes = target.vectorBytes() / static_cast<int64_t>(sizeof(float));
  return lanes % step() == 0 ? !withinRows() || width % 2 == 0
                             : width % lanes == 0 && height % 2 == 0;
}

LineWinogradPlan planLineWinograd(const LineWinogradSpec &spec, const Target &target) {
  constexpr int64_t bytes = sizeof(float), line = 64 / bytes,
                    positions = LineWinogradPlan::kPositions;
  LineWinogradPlan plan;
  int64_t lanes = target.vectorBytes() / bytes;
  plan.vectors = target.vectorRegisters() >= 32 ? 3 : 2;
  plan.channels = LineWinogradPlan::tileChannels(target);
  int64_t fitting = kInputBytes / (spec.channels * plan.vectors * target.vectorBytes());
  plan.blockVectors = plan.vectors * std::clamp<int64_t>(fitting, 1, 4);
  plan.rowBlock = 1;
  plan.columnBlock = 2 * plan.blockVectors * lanes;
  plan.channelBlock = positions * plan.channels;
  // A line more, lest positions meet in the same sets of the caches.
  plan.inputStep = spec.channels * plan.blockVectors * lanes + line;
  plan.productStep = plan.channelBlock * plan.blockVectors * lanes + line;
  plan.patchOffset = plan.inputOffset = 64; // after the number of the block that is there
  plan.productOffset = plan.inputOffset + positions * plan.inputStep * bytes;
  plan.scratchFixed = plan.productOffset + positions * plan.productStep * bytes;
  plan.scratchPerChannel = 0;
  int64_t filters = roundUp(spec.outputs, spec.convolution.panel()) * spec.channels;
  plan.plainFilters = filters * positions;
  plan.packedElements = filters * (positions + 3);
  return plan;
}

LineWinogradEmitter::LineWinogradEmitter(Emitter &e, const LineWinogradSpec &spec,
                                         const ConvolutionOperands &ops, Value scratch,
                                         PixelSink sink)
    : e(e), spec(spec), ops(ops), plan(planLineWinograd(spec, e.target)), sink(sink),
      scratch(scratch), math(e.target, spec.convolution.element), lanes(math.columns()),
      isSorted(lanes % spec.step() == 0),
      transformed(e.view(scratch, plan.inputOffset, spec.convolution.element)),
      partial(e.view(scratch, plan.productOffset, spec.convolution.element)) {}

// Points run over the channels first: they share transformed inputs.
void LineWinogradEmitter::point(Value index) {
  Value all = e.ceilDiv(ops.outputSize[2], 2 * lanes);
  EvenSplit vectorSplit(e, all, plan.blockVectors);
  int64_t allTiles = (spec.outputs + plan.channels - 1) / plan.channels;
  EvenSplit tileSplit(e, e.index(allTiles), plan.channelBlock / plan.channels);
  Value tilePart = e.rem(index, tileSplit.parts), block = e.div(index, tileSplit.parts);
  Value vectorPart = e.rem(block, vectorSplit.parts), tile = tileSplit.start(e, tilePart);
  Value tiles = tileSplit.length(e, tilePart);
  Place place{
      e.div(block, vectorSplit.parts),
      vectorSplit.start(e, vectorPart),
      vectorSplit.length(e, vectorPart),
      tile,
      tiles,
      e.min(e.mul(tiles, plan.channels), e.sub(e.index(spec.outputs), e.mul(tile, plan.channels)))};
  // Which block scratch holds is its first number; 0: none.
  Type i64 = e.builder.getI64Type();
  Value held = e.view(scratch, int64_t(0), i64), zero = e.index(0);
  Value number = arith::IndexCastOp::create(e.builder, e.loc, i64, e.add(block, 1));
  Value isNew =
      arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::ne, e.load(held, zero), number);
  e.when(isNew, [&] { transformInput(place); });
  e.store(number, held, zero);
  products(place);
  e.when(results(place), [&] { direct(place); });
  deliver(place);
}

Value LineWinogradEmitter::pixelOf(Value vector) {
  if (isSorted)
    return e.mul(vector, 2 * lanes);
  Value rowVectors = e.index(spec.step() / lanes);
  return e.add(e.mul(e.div(vector, rowVectors), 2 * spec.step()),
               e.mul(e.rem(vector, rowVectors), lanes));
}

void LineWinogradEmitter::products(const Place &place) {
  Value zero = e.index(0), one = e.index(1);
  EvenSplit split(e, place.vectors, plan.vectors);
  SmallVector<int64_t> known;
  if (std::optional<int64_t> pixels = getConstantIntValue(ops.outputSize[2]))
    known.push_back((*pixels + 2 * lanes - 1) / (2 * lanes));
  int64_t filterSize = spec.channels * plan.channels;
  e.loop(zero, e.index(kPositions), one, [&](Value position) {
    prefetchResults(place, position);
    e.loop(zero, place.tiles, one, [&](Value tile) {
      Value number = e.add(e.mul(e.add(place.firstTile, tile), kPositions), position);
      Value filter = e.mul(number, filterSize), channel = e.mul(tile, plan.channels);
      e.loop(zero, split.parts, one, [&](Value part) {
        Value first = split.start(e, part);
        e.specialize(split.length(e, part), tileLengths(known, plan.blockVectors, plan.vectors),
                     [&](int64_t count) {
                       accumulate(position, filter, first, productAt(channel, first), count);
                     });
      });
    });
  });
}

void LineWinogradEmitter::accumulate(Value position, Value filter, Value firstVector,
                                     Value firstProduct, int64_t vectors) {
  Value inputAt = e.add(e.mul(position, plan.inputStep), e.mul(firstVector, lanes));
  Value channels = e.index(spec.channels);
  Values sums(plan.channels * vectors, math.zero(e));
  sums =
      e.unrolledLoop(channels, stepsAtOnce(channels), sums, [&](Value channel, ValueRange carried) {
        Values next(carried), pixels;
        Value from = e.add(inputAt, e.mul(channel, plan.blockVectors * lanes));
        for (int64_t v = 0; v < vectors; ++v)
          pixels.push_back(e.load(transformed, e.add(from, v * lanes), lanes));
        Value weightsAt = e.add(filter, e.mul(channel, plan.channels));
        for (int64_t c = 0; c < plan.channels; ++c) {
          Value weight = e.broadcast(e.load(ops.filter, e.add(weightsAt, c)), lanes);
          for (int64_t v = 0; v < vectors; ++v)
            next[c * vectors + v] = e.fma(pixels[v], weight, next[c * vectors + v]);
        }
        return next;
      });
  Value to = e.add(e.mul(position, plan.productStep), firstProduct);
  for (int64_t c = 0; c < plan.channels; ++c)
    for (int64_t v = 0; v < vectors; ++v)
      e.store(sums[c * vectors + v], partial, e.add(to, (c * plan.blockVectors + v) * lanes));
}

PixelPosition LineWinogradEmitter::positionOf(const Place &place, Value channel, Value pixel) {
  PixelPosition at;
  at.n = place.n;
  at.channel = e.add(firstChannel(place), channel);
  at.pixel = {e.index(0), e.index(0), pixel};
  at.offset = e.add(e.mul(e.add(e.mul(place.n, ops.oc), at.channel), ops.outputSize[2]), pixel);
  if (spec.height * spec.width % (2 * lanes) != 0)
    at.mask = e.firstLanes(e.sub(ops.outputSize[2], pixel), lanes);
  at.lanes = lanes;
  return at;
}

void LineWinogradEmitter::eachVector(const Place &place, Value vector, Value channel,
                                     PixelsBody body) {
  Value pixel = pixelOf(e.add(place.firstVector, vector)), at = productAt(channel, vector);
  body(pixel, at);
  body(e.add(pixel, far()), e.add(at, plan.productStep));
}

// Of a tile of channels at each position: there are as many.
void LineWinogradEmitter::prefetchResults(const Place &place, Value tile) {
  if (!ops.prefetch)
    return;
  Value zero = e.index(0), one = e.index(1), first = e.mul(tile, plan.channels);
  Value last = e.min(e.add(first, plan.channels), place.channels);
  e.loop(first, last, one, [&](Value channel) {
    e.loop(zero, place.vectors, one, [&](Value vector) {
      eachVector(place, vector, channel, [&](Value pixel, Value) {
        PixelPosition at = positionOf(place, channel, pixel);
        at.mask = {};
        at.lanes = 1;
        ops.prefetch(e, at);
      });
    });
  });
}

void LineWinogradEmitter::deliver(const Place &place) {
  Value zero = e.index(0), one = e.index(1);
  e.loop(zero, place.vectors, one, [&](Value vector) {
    e.loop(zero, place.channels, one, [&](Value channel) {
      eachVector(place, vector, channel, [&](Value pixel, Value at) {
        sink(e.load(partial, at, lanes), positionOf(place, channel, pixel));
      });
    });
  });
}

void emitLineWinograd(Emitter &e, const LineWinogradSpec &spec, const ConvolutionOperands &operands,
                      Value begin, Value end, Value scratch, PixelSink sink) {
  LineWinogradEmitter winograd(e, spec, operands, scratch, sink);
  e.loop(begin, end, e.index(1), [&](Value index) { winograd.point(index); });
}

} // namespace heddle::codegen
