// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/PooledConvolution.h"

#include "compiler/codegen/convolution/ConvolutionEmitter.h"
#include "compiler/codegen/convolution/PlaneEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

/// Of scratch that the rows between may take: the second cache also holds filters and input.
constexpr int64_t kHeldBytes = 320 << 10;
/// Of the first cache, for what is pooled at a time with pixels in the lanes.
constexpr int64_t kPooledBytes = 32 << 10;
/// Of scratch where channels do not share a copy of the input: points are small, to divide evenly.
constexpr int64_t kHeldInPlace = 96 << 10;
/// So that images have points enough for several cores.
constexpr int64_t kFewestRowParts = 4;

Value lowestOf(Emitter &e, FloatType type) {
  APFloat lowest = APFloat::getInf(type.getFloatSemantics(), /*Negative=*/true);
  return arith::ConstantOp::create(e.builder, e.loc, e.builder.getFloatAttr(type, lowest));
}

class PooledEmitter {
public:
  PooledEmitter(Emitter &e, const PooledSpec &spec, const ConvolutionOperands &ops, Value weights,
                Value scratch, PixelEpilogue epilogue, PixelSink sink)
      : e(e), spec(spec), ops(ops), plan(planPooledConvolution(spec, e.target)), weights(weights),
        scratch(scratch), epilogue(epilogue), sink(sink), lanes(e.lanesOf(spec.window.element)),
        held(e.view(scratch, plan.heldOffset, spec.window.element)),
        outside(spec.weighted ? e.zero(spec.window.element)
                              : lowestOf(e, cast<FloatType>(spec.window.element))) {}

  void sideBySide(Value begin, Value end);
  /// Of windows that overlap.
  void point(Value index, Value begin, Value end);

private:
  struct Place {
    Value n, channel, channels;       // the first one, and how many
    Value row, rows, column, columns; // of pooled pixels
    Value firstRow, firstColumn;      // of the convolution that are held; may be negative
    Value heldChannel;                // where the first one is
  };

  Value heldAt(const Place &place, Value channel, Value row) {
    Value rows = e.mul(e.add(place.heldChannel, channel), plan.heldRows);
    return e.mul(e.add(rows, row), plan.heldWidth);
  }
  void hold(const Place &place, Value accumulator, const PixelPosition &at);
  void keepRows(const Place &place, Value distance);
  void fillRows(const Place &place, Value from, Value to);
  void pool(const Place &place);

  Emitter &e;
  const PooledSpec &spec;
  const ConvolutionOperands &ops;
  PooledPlan plan;
  Value weights, scratch;
  PixelEpilogue epilogue;
  PixelSink sink;
  int64_t lanes;
  Value held;
  Value outside; // what windows find where the convolution has no results
};

void PooledEmitter::sideBySide(Value begin, Value end) {
  int64_t rows = spec.window.stride[1], columns = spec.window.stride[2];
  int64_t panel = planConvolution(spec.convolution, e.target).panel;
  Place place;
  auto started = [&](const ConvolutionEmitter::Place &at) {
    place.n = at.n;
    place.channel = e.mul(at.panel, panel);
    place.heldChannel = e.index(0);
    place.channels = e.min(e.mul(at.panels, panel), e.sub(e.index(spec.outputs), place.channel));
    place.firstRow = at.block.row;
    place.firstColumn = at.block.column;
    place.row = e.div(at.block.row, e.index(rows));
    place.rows = e.div(at.block.rows, e.index(rows));
    place.column = e.div(at.block.column, e.index(columns));
    place.columns = e.div(at.block.columns, e.index(columns));
  };
  auto sink = [&](Value accumulator, const PixelPosition &at) { hold(place, accumulator, at); };
  ConvolutionEmitter(e, spec.convolution, ops, scratch, sink)
      .run(begin, end,
           {.rows = rows,
            .columns = columns,
            .height = e.index(spec.pooledHeight),
            .width = e.index(spec.pooledWidth),
            .started = started,
            .finished = [&](const ConvolutionEmitter::Place &) { pool(place); }});
}

void PooledEmitter::hold(const Place &place, Value accumulator, const PixelPosition &at) {
  Value row = heldAt(place, e.sub(at.channel, place.channel), e.sub(at.pixel[1], place.firstRow));
  Value offset = e.add(row, e.sub(at.pixel[2], place.firstColumn));
  Value result = epilogue(accumulator, at);
  if (!spec.pixelsInLanes)
    return e.store(result, held, offset, at.mask);
  // Held rows are whole vectors, of which no window counts what is past the image.
  Value none = e.broadcast(outside, lanes);
  e.store(arith::SelectOp::create(e.builder, e.loc, at.mask, result, none), held, offset);
}

// Points run down an image first.
void PooledEmitter::point(Value index, Value begin, Value end) {
  int64_t stride = spec.window.stride[1], overlap = spec.window.window[1] - stride;
  EvenSplit rowSplit(e, e.index(spec.pooledHeight), plan.rowBlock);
  EvenSplit unitSplit(e, e.index((spec.outputs + plan.channelUnit - 1) / plan.channelUnit),
                      plan.channelBlock / plan.channelUnit);
  Value rowPart = e.rem(index, rowSplit.parts), rest = e.div(index, rowSplit.parts);
  Value unitPart = e.rem(rest, unitSplit.parts);
  Value unit = unitSplit.start(e, unitPart), units = unitSplit.length(e, unitPart);
  Place place;
  place.n = e.div(rest, unitSplit.parts);
  place.row = rowSplit.start(e, rowPart);
  place.rows = rowSplit.length(e, rowPart);
  place.column = place.firstColumn = e.index(0);
  place.columns = e.index(spec.pooledWidth);
  place.firstRow = e.sub(e.mul(place.row, stride), e.index(spec.window.padding[1]));

  // Rows before and after the image count for no window.
  Value zero = e.index(0), height = e.index(spec.height);
  Value last = e.add(place.firstRow, e.add(e.mul(place.rows, stride), overlap));
  Value from = e.min(e.max(place.firstRow, zero), height), first = from, fresh;
  if (overlap > 0) {
    fresh = arith::OrIOp::create(e.builder, e.loc, e.equal(index, begin), e.equal(rowPart, zero));
    from = e.select(fresh, from, e.min(e.add(place.firstRow, overlap), height));
  }
  Value to = e.max(from, e.min(last, height));
  auto pooled = [&](Value firstUnit, Value count, llvm::function_ref<void()> compute) {
    place.channel = e.mul(firstUnit, plan.channelUnit);
    place.channels =
        e.min(e.mul(count, plan.channelUnit), e.sub(e.index(spec.outputs), place.channel));
    place.heldChannel = e.mul(e.sub(firstUnit, unit), plan.channelUnit);
    auto fillBefore = [&] { fillRows(place, zero, e.sub(first, place.firstRow)); };
    if (fresh)
      e.when(fresh, fillBefore, [&] {
        Value before = e.sub(rowPart, e.index(1));
        keepRows(place, e.mul(rowSplit.length(e, before), stride));
      });
    else
      fillBefore();
    compute();
    fillRows(place, e.sub(to, place.firstRow), e.sub(last, place.firstRow));
    pool(place);
  };
  auto sink = [&](Value accumulator, const PixelPosition &at) { hold(place, accumulator, at); };
  if (!spec.pixelsInLanes) {
    ConvolutionEmitter convolution(e, spec.convolution, ops, scratch, sink);
    return pooled(unit, units,
                  [&] { convolution.rows(place.n, from, e.sub(to, from), unit, units); });
  }
  PlaneEmitter plane(e, spec.convolution, ops, scratch, sink);
  Value always = arith::ConstantIntOp::create(e.builder, e.loc, 1, 1);
  PixelBlock block{zero, from, e.sub(to, from), zero, e.index(spec.width)}, next = block;
  next.row = to;
  next.rows = e.min(e.mul(place.rows, stride), e.sub(height, to));
  PlaneEmitter::Place image = plane.place({place.n, zero, block}, always);
  plane.askAhead(image, {place.n, zero, next}, e.less(e.add(index, 1), end), unit, units);
  e.loop(unit, e.add(unit, units), e.index(1), [&](Value tile) {
    pooled(tile, e.index(1), [&] { plane.channelTiles(image, tile, e.index(1)); });
  });
}

/// The last rows of the point before are the first ones of this.
void PooledEmitter::keepRows(const Place &place, Value distance) {
  Value length = e.index((spec.window.window[1] - spec.window.stride[1]) * plan.heldWidth);
  e.loop(e.index(0), place.channels, e.index(1), [&](Value channel) {
    Value to = heldAt(place, channel, e.index(0)), from = heldAt(place, channel, distance);
    e.loop(e.index(0), length, e.index(lanes), [&](Value i) {
      Value mask = e.firstLanes(e.sub(length, i), lanes);
      e.store(e.load(held, e.add(from, i), lanes, mask), held, e.add(to, i), mask);
    });
  });
}

void PooledEmitter::fillRows(const Place &place, Value from, Value to) {
  e.loop(e.index(0), place.channels, e.index(1), [&](Value channel) {
    e.loop(heldAt(place, channel, from), heldAt(place, channel, to), e.index(1),
           [&](Value at) { e.store(outside, held, at); });
  });
}

void PooledEmitter::pool(const Place &place) {
  Value one = e.index(1), planeSize = e.index(spec.pooledHeight * spec.pooledWidth);
  WindowSpec window = spec.window;
  window.padding[1] = 0; // rows of padding are held
  int64_t bytes = window.element.getIntOrFloatBitWidth() / 8;
  Value first = e.add(e.mul(heldAt(place, e.index(0), e.index(0)), bytes), plan.heldOffset);
  WindowOperands image{.input = e.view(scratch, first, window.element),
                       .n = one,
                       .channels = place.channels,
                       .multiplier = {},
                       .inputSize = {one, e.index(plan.heldRows), e.index(plan.heldWidth)},
                       .outputSize = {one, place.rows, place.columns},
                       .firstFilter = place.channel};
  WindowPlan blocks = planWindow(window, e.target);
  Value points = e.mul(e.mul(place.channels, e.ceilDiv(place.rows, blocks.rowBlock)),
                       e.ceilDiv(place.columns, blocks.columnBlock));
  Value patch = e.view(scratch, plan.windowOffset, e.builder.getI8Type());
  auto deliver = [&](Value result, PixelPosition at) {
    at.n = place.n;
    at.channel = e.add(place.channel, at.channel);
    at.pixel[1] = e.add(place.row, at.pixel[1]);
    at.pixel[2] = e.add(place.column, at.pixel[2]);
    Value plane = e.add(e.mul(at.n, spec.outputs), at.channel);
    Value inPlane = e.add(e.mul(at.pixel[1], spec.pooledWidth), at.pixel[2]);
    at.offset = e.add(e.mul(plane, planeSize), inPlane);
    sink(result, at);
  };
  if (!spec.weighted)
    return emitMaxPool(e, window, image, e.index(0), points, patch, deliver);
  emitDepthwise(e, window, image, weights, e.index(0), points, patch, deliver);
}

} // namespace

// Each result is in one window at most, and each window is full of results.
static bool isSideBySide(const PooledSpec &spec) {
  const WindowSpec &window = spec.window;
  return window.window == window.stride && window.padding == Spatial{0, 0, 0} &&
         spec.pooledHeight * window.stride[1] <= spec.height &&
         spec.pooledWidth * window.stride[2] <= spec.width;
}

PooledPlan planPooledConvolution(const PooledSpec &spec, const Target &target) {
  ConvolutionPlan convolution = planConvolution(spec.convolution, target);
  PlanePlan plane = planPlaneConvolution(spec.convolution, target);
  int64_t bytes = spec.window.element.getIntOrFloatBitWidth() / 8;
  auto roundUp = [](int64_t size, int64_t to) { return (size + to - 1) / to * to; };
  auto parts = [](int64_t size, int64_t most) { return (size + most - 1) / most; };
  PooledPlan plan;
  plan.channelUnit = spec.pixelsInLanes ? plane.channels : convolution.panel;
  plan.channelBlock = spec.pixelsInLanes ? plane.channels : convolution.channelBlock;
  int64_t channels = std::min(plan.channelBlock, spec.outputs);
  auto [depth, rowStride, columnStride] = spec.window.stride;
  plan.sideBySide = isSideBySide(spec) && rowStride <= convolution.rowBlock &&
                    columnStride <= convolution.tileColumns && !spec.pixelsInLanes;
  if (plan.sideBySide) {
    plan.rowBlock = convolution.rowBlock / rowStride;
    plan.columnBlock = convolution.tileColumns / columnStride *
                       (convolution.columnBlock / convolution.tileColumns);
    plan.heldRows = plan.rowBlock * rowStride;
    plan.heldWidth = plan.columnBlock * columnStride;
  } else {
    int64_t extra = spec.window.window[1] - rowStride;
    plan.columnBlock = spec.pooledWidth;
    plan.heldWidth =
        spec.pixelsInLanes ? roundUp(spec.width, target.vectorBytes() / bytes) : spec.width;
    int64_t held = spec.pixelsInLanes ? kPooledBytes : kHeldBytes;
    int64_t fitting = (held / (channels * plan.heldWidth * bytes) - extra) / rowStride;
    plan.rowBlock = std::clamp<int64_t>(fitting, 1, parts(spec.pooledHeight, kFewestRowParts));
    plan.heldRows = plan.rowBlock * rowStride + extra;
  }
  if (spec.pixelsInLanes) { // more tiles of channels, which share the input's copy
    int64_t tiles = (plane.copies ? kHeldBytes : kHeldInPlace) /
                    (plan.channelUnit * plan.heldRows * plan.heldWidth * bytes);
    plan.channelBlock = plan.channelUnit * std::max<int64_t>(1, tiles);
    channels = roundUp(std::min(plan.channelBlock, spec.outputs), plan.channelUnit);
  }
  int64_t convolutionBytes =
      spec.pixelsInLanes
          ? plane.patchOffset +
                plane.patchBytes(spec.convolution, target, spec.channels, plan.heldRows, spec.width)
          : convolution.scratchBytes(spec.channels);
  plan.heldOffset = roundUp(convolutionBytes, 64);
  // Masked reads of the last row stay inside.
  plan.windowOffset =
      plan.heldOffset +
      roundUp(channels * plan.heldRows * plan.heldWidth * bytes + target.vectorBytes(), 64);
  plan.scratchBytes = plan.windowOffset + planWindow(spec.window, target).scratchBytes;
  plan.pointsOfImage =
      parts(spec.pooledHeight, plan.rowBlock) * parts(spec.pooledWidth, plan.columnBlock) *
      parts(parts(spec.outputs, plan.channelUnit), plan.channelBlock / plan.channelUnit);
  return plan;
}

void emitPooledConvolution(Emitter &e, const PooledSpec &spec, const ConvolutionOperands &operands,
                           Value weights, Value begin, Value end, Value scratch,
                           PixelEpilogue epilogue, PixelSink sink) {
  PooledEmitter pooled(e, spec, operands, weights, scratch, epilogue, sink);
  if (planPooledConvolution(spec, e.target).sideBySide)
    pooled.sideBySide(begin, end);
  else
    e.loop(begin, end, e.index(1), [&](Value index) { pooled.point(index, begin, end); });
}

} // namespace heddle::codegen
