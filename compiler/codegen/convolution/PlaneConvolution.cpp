// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/PlaneConvolution.h"

#include "compiler/codegen/convolution/FilterLayout.h"
#include "compiler/codegen/convolution/PlaneEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {

constexpr int64_t kUnrolledColumns = 8; // of windows; wider ones are loops

static WindowSpec windowsOf(const ConvolutionSpec &spec) {
  return {.element = spec.element,
          .accumulator = spec.element,
          .window = spec.window,
          .stride = spec.stride,
          .dilation = spec.dilation,
          .padding = spec.padding};
}

PlaneEmitter::PlaneEmitter(Emitter &e, const ConvolutionSpec &spec, const ConvolutionOperands &ops,
                           Value scratch, PixelSink sink)
    : e(e), spec(spec), ops(ops), plan(planPlaneConvolution(spec, e.target)), sink(sink),
      scratch(scratch), math(e.target, spec.element), lanes(e.lanesOf(spec.element)),
      panel(spec.panel()), taps(spec.window[0] * spec.window[1] * spec.window[2]),
      parked(e.view(scratch, int64_t(0), spec.element)), inputs(e.div(ops.ic, ops.groups)),
      outputs(e.div(ops.oc, ops.groups)) {}

// Points run over the channel blocks first: they share a patch. Columns are split in whole vectors.
void PlaneEmitter::point(Value index, Value begin, Value end) {
  auto &[od, oh, ow] = ops.outputSize;
  EvenSplit rowSplit(e, oh, plan.rowBlock);
  EvenSplit columnSplit(e, e.ceilDiv(ow, lanes), plan.columnBlock / lanes);
  EvenSplit tileSplit(e, e.ceilDiv(outputs, plan.channels), plan.channelBlock / plan.channels);
  Value tilePart = e.rem(index, tileSplit.parts), zero = e.index(0);
  auto pixelsOf = [&](Value rest) {
    auto next = [&](Value size) {
      Value digit = e.rem(rest, size);
      rest = e.div(rest, size);
      return digit;
    };
    next(tileSplit.parts);
    Value columnPart = next(columnSplit.parts), rowPart = next(rowSplit.parts);
    Value depth = next(od), group = next(ops.groups);
    Value column = e.mul(columnSplit.start(e, columnPart), lanes);
    Value columns = e.min(e.mul(columnSplit.length(e, columnPart), lanes), e.sub(ow, column));
    PixelBlock block{depth, rowSplit.start(e, rowPart), rowSplit.length(e, rowPart), column,
                     columns};
    return Pixels{rest, group, block};
  };
  Value refill =
      arith::OrIOp::create(e.builder, e.loc, e.equal(index, begin), e.equal(tilePart, zero));
  Value firstTile = tileSplit.start(e, tilePart), tiles = tileSplit.length(e, tilePart);
  Value next = e.add(index, 1);
  Value otherPatch = e.equal(e.rem(next, tileSplit.parts), zero);
  Value nextExists = arith::AndIOp::create(e.builder, e.loc, otherPatch, e.less(next, end));
  Place at = place(pixelsOf(index), refill);
  askAhead(at, pixelsOf(next), nextExists, firstTile, tiles);
  channelTiles(at, firstTile, tiles);
}

Value PlaneEmitter::firstPlane(const Pixels &pixels) {
  return e.add(e.mul(pixels.n, ops.ic), e.mul(pixels.group, inputs));
}

EvenSplit PlaneEmitter::tilesOf(const PixelBlock &block) {
  return EvenSplit(e, e.mul(block.rows, e.ceilDiv(block.columns, lanes)), plan.vectors);
}

void PlaneEmitter::askAhead(Place &place, const Pixels &next, Value exists, Value firstTile,
                            Value tiles) {
  place.firstTile = firstTile;
  if (plan.copies)
    place.ahead.emplace(e, spec, ops.input, firstPlane(next), inputs, ops.inputSize, next.block,
                        exists, e.mul(tilesOf(place.block).parts, tiles));
}

PlaneEmitter::Place PlaneEmitter::place(const Pixels &pixels, Value refill) {
  Place place{pixels, {}, {}, {}};
  const PixelBlock &block = pixels.block;
  Value plane = firstPlane(pixels);
  if (!plan.copies || spec.stride[2] == 1) {
    InputPatch patch = plan.copies
                           ? patchCopied(e, spec, ops.input, plane, inputs, ops.inputSize, block,
                                         e.view(scratch, plan.patchOffset, spec.element), refill)
                           : patchInPlace(e, spec, ops.input, plane, ops.inputSize, block);
    place.patch = {.buffer = patch.buffer,
                   .start = patch.start,
                   .channelStep = patch.channelStep,
                   .depthStep = patch.depthStep,
                   .rowStep = patch.rowStep,
                   .phaseStep = {}};
    return place;
  }
  WindowSpec windows = windowsOf(spec);
  WindowOperands image{.input = ops.input,
                       .n = ops.n,
                       .channels = ops.ic,
                       .multiplier = {},
                       .inputSize = ops.inputSize,
                       .outputSize = ops.outputSize};
  place.patch = phasedPatch(e, windows, block, e.view(scratch, plan.patchOffset, spec.element));
  e.when(refill, [&] {
    Value zero = e.zero(spec.element);
    e.loop(e.index(0), inputs, e.index(1), [&](Value channel) {
      PhasedPatch patch = place.patch;
      patch.start = e.mul(channel, patch.channelStep);
      fillPhasedPatch(e, windows, image, e.add(plane, channel), block, patch, zero);
    });
  });
  return place;
}

void PlaneEmitter::channelTiles(const Place &place, Value first, Value count) {
  Value panels = e.mul(place.group, e.ceilDiv(outputs, panel));
  e.loop(first, e.add(first, count), e.index(1), [&](Value tile) {
    Value first = e.mul(tile, plan.channels);
    Value panelAt = e.add(panels, e.div(first, e.index(panel)));
    tiles({.place = place,
           .first = e.add(e.mul(place.group, outputs), first),
           .count = e.min(e.index(plan.channels), e.sub(outputs, first)),
           .filter = e.add(e.mul(panelAt, panelSize(e, math, inputs, taps, panel)),
                           e.rem(first, e.index(panel))),
           .rowVectors = e.ceilDiv(place.block.columns, lanes),
           .tile = tile});
  });
}

void PlaneEmitter::tiles(const Channels &channels) {
  const Place &place = channels.place;
  EvenSplit split = tilesOf(place.block);
  e.loop(e.index(0), split.parts, e.index(1), [&](Value part) {
    if (place.ahead)
      place.ahead->prefetch(e,
                            e.add(e.mul(e.sub(channels.tile, place.firstTile), split.parts), part));
    Value first = split.start(e, part), vectors = split.length(e, part);
    e.specialize(vectors, tileLengths({}, plan.vectors, plan.vectors), [&](int64_t count) {
      if (ops.prefetch)
        eachResult(channels, first, count,
                   [&](const PixelPosition &at, Value) { ops.prefetch(e, at); });
      accumulate(channels, first, count);
      eachResult(channels, first, count, [&](const PixelPosition &at, Value parkedAt) {
        sink(e.load(parked, parkedAt, lanes), at);
      });
    });
  });
}

void PlaneEmitter::accumulate(const Channels &channels, Value first, int64_t vectors) {
  const PhasedPatch &patch = channels.place.patch;
  Values starts, masks(vectors);
  for (int64_t v = 0; v < vectors; ++v) {
    Value vector = e.add(first, v), from = column(channels, vector);
    Value down = e.mul(e.mul(row(channels, vector), spec.stride[1]), patch.rowStep);
    starts.push_back(e.add(patch.start, e.add(down, from)));
    // A copy has room for lanes past its end, the input has not.
    if (!plan.copies)
      masks[v] = e.firstLanes(e.sub(channels.place.block.columns, from), lanes);
  }
  auto [kd, kh, kw] = spec.window;
  Value zero = e.index(0), one = e.index(1);
  Values sums(plan.channels * vectors, math.zero(e));
  sums = e.loop(zero, inputs, e.index(kChannelBlock), sums, [&](Value block, ValueRange s0) {
    Value depth = e.min(e.index(kChannelBlock), e.sub(inputs, block));
    Value filterBlock = e.add(channels.filter, e.mul(block, taps * panel));
    Value inputBlock = e.mul(block, patch.channelStep), tapStep = e.mul(depth, panel);
    auto over = [&](int64_t size, ValueRange carried, Emitter::CarryingBody body) {
      return size == 1 ? body(zero, carried) : e.loop(zero, e.index(size), one, carried, body);
    };
    return over(kd, s0, [&](Value d, ValueRange s1) {
      Value planeAt = e.add(inputBlock, e.mul(e.mul(d, spec.dilation[0]), patch.depthStep));
      // Where the vectors' rows are is carried along, or it would be found out for each row of taps.
      Values first(s1);
      for (Value start : starts)
        first.push_back(e.add(start, planeAt));
      Values last = over(kh, first, [&](Value h, ValueRange s2) {
        ValueRange rowsAt = s2.take_back(vectors);
        Value tapRow = e.mul(e.add(e.mul(d, kh), h), kw);
        auto tapColumn = [&](Value w, ValueRange s3) {
          Value column = e.mul(w, spec.dilation[2]);
          if (int64_t stride = spec.stride[2]; stride > 1)
            column = e.add(e.mul(e.rem(column, e.index(stride)), patch.phaseStep),
                           e.div(column, e.index(stride)));
          Value filter = e.add(filterBlock, e.mul(e.add(tapRow, w), tapStep));
          auto step = [&](Value channel, ValueRange carried) {
            Values next(carried), pixels;
            Value inputAt = e.add(column, e.mul(channel, patch.channelStep));
            for (int64_t v = 0; v < vectors; ++v)
              pixels.push_back(e.load(patch.buffer, e.add(rowsAt[v], inputAt), lanes, masks[v]));
            Value weightsAt = e.add(filter, e.mul(channel, panel));
            for (int64_t c = 0; c < plan.channels; ++c) {
              Value weight = e.broadcast(e.load(ops.filter, e.add(weightsAt, c)), lanes);
              for (int64_t v = 0; v < vectors; ++v) {
                Value &sum = next[c * vectors + v];
                sum = e.fma(pixels[v], weight, sum);
              }
            }
            return next;
          };
          return e.unrolledLoop(depth, stepsAtOnce(inputs), s3, step);
        };
        Values sums(s2.drop_back(vectors));
        if (kw > kUnrolledColumns)
          sums = e.loop(zero, e.index(kw), one, sums, tapColumn);
        else // with few channels, where a column is would be found out as often as it is used
          for (int64_t w = 0; w < kw; ++w)
            sums = tapColumn(e.index(w), sums);
        for (Value row : rowsAt)
          sums.push_back(e.add(row, e.mul(patch.rowStep, spec.dilation[1])));
        return sums;
      });
      last.truncate(s1.size());
      return last;
    });
  });
  for (int64_t c = 0; c < plan.channels; ++c)
    for (int64_t v = 0; v < vectors; ++v)
      e.store(sums[c * vectors + v], parked, e.index((c * vectors + v) * lanes));
}

void PlaneEmitter::eachResult(
    const Channels &channels, Value first, int64_t vectors,
    llvm::function_ref<void(const PixelPosition &, Value parkedAt)> body) {
  auto &[od, oh, ow] = ops.outputSize;
  const PixelBlock &block = channels.place.block;
  Value planeSize = e.mul(e.mul(od, oh), ow);
  SmallVector<PixelPosition> positions;
  for (int64_t v = 0; v < vectors; ++v) {
    Value vector = e.add(first, v), from = column(channels, vector);
    PixelPosition at;
    at.n = channels.place.n;
    at.pixel = {block.depth, e.add(block.row, row(channels, vector)), e.add(block.column, from)};
    at.mask = e.firstLanes(e.sub(block.columns, from), lanes);
    at.lanes = lanes;
    at.offset = e.add(e.mul(e.add(e.mul(block.depth, oh), at.pixel[1]), ow), at.pixel[2]);
    positions.push_back(at);
  }
  e.loop(e.index(0), channels.count, e.index(1), [&](Value c) {
    Value channel = e.add(channels.first, c);
    Value planeAt = e.mul(e.add(e.mul(channels.place.n, ops.oc), channel), planeSize);
    for (auto [v, position] : llvm::enumerate(positions)) {
      PixelPosition at = position;
      at.channel = channel;
      at.offset = e.add(planeAt, position.offset);
      body(at, e.mul(e.add(e.mul(c, vectors), v), lanes));
    }
  });
}

int64_t PlanePlan::patchBytes(const ConvolutionSpec &spec, const Target &target, int64_t channels,
                              int64_t rows, int64_t columns) const {
  if (!copies)
    return 0;
  int64_t bytes = spec.element.getIntOrFloatBitWidth() / 8, lanes = target.vectorBytes() / bytes;
  if (spec.stride[2] != 1)
    return channels * phasedPatchElements(windowsOf(spec), rows, columns, lanes) * bytes;
  // The last row's last vector may reach past the copy.
  return (channels * patchElements(spec, rows, columns, lanes) + lanes) * bytes;
}

PlanePlan planPlaneConvolution(const ConvolutionSpec &spec, const Target &target) {
  PlanePlan plan;
  int64_t bytes = spec.element.getIntOrFloatBitWidth() / 8, lanes = target.vectorBytes() / bytes;
  // Of 16 registers, 3 vectors would leave none over, and an accumulator would live in memory.
  plan.vectors = target.vectorRegisters() >= 32 ? 3 : 2;
  plan.channels = target.vectorRegisters() >= 32 ? 8 : 4;
  plan.rowBlock = std::max<int64_t>(1, 8 / spec.stride[1]); // of the input
  plan.columnBlock = 8 * lanes;
  plan.channelBlock = 4 * plan.channels;
  plan.copies = spec.padded || spec.stride[2] != 1;
  plan.patchOffset = plan.channels * plan.vectors * target.vectorBytes();
  int64_t fixed = plan.patchBytes(spec, target, 0, plan.rowBlock, plan.columnBlock);
  plan.scratchFixed = plan.patchOffset + fixed;
  plan.scratchPerChannel =
      plan.patchBytes(spec, target, 1, plan.rowBlock, plan.columnBlock) - fixed;
  return plan;
}

void emitPlaneConvolution(Emitter &e, const ConvolutionSpec &spec,
                          const ConvolutionOperands &operands, Value begin, Value end,
                          Value scratch, PixelSink sink) {
  PlaneEmitter plane(e, spec, operands, scratch, sink);
  e.loop(begin, end, e.index(1), [&](Value index) { plane.point(index, begin, end); });
}

} // namespace heddle::codegen
