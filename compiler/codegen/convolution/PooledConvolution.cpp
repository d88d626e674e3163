// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/PooledConvolution.h"

#include "compiler/codegen/convolution/ConvolutionEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

/// Of scratch that the rows between may take: the second cache also holds filters and input.
constexpr int64_t kHeldBytes = 320 << 10;
/// So that images have points enough for several cores.
constexpr int64_t kFewestRowParts = 4;

class PooledEmitter {
public:
  PooledEmitter(Emitter &e, const PooledSpec &spec, const ConvolutionOperands &ops, Value scratch,
                PixelEpilogue epilogue, PixelSink sink)
      : e(e), spec(spec), ops(ops), plan(planPooledConvolution(spec, e.target)), scratch(scratch),
        epilogue(epilogue), sink(sink), lanes(e.lanesOf(spec.window.element)),
        held(e.view(scratch, plan.heldOffset, spec.window.element)),
        lowest(arith::ConstantOp::create(
            e.builder, e.loc,
            e.builder.getFloatAttr(
                spec.window.element,
                APFloat::getInf(cast<FloatType>(spec.window.element).getFloatSemantics(),
                                /*Negative=*/true)))) {}

  void sideBySide(Value begin, Value end);
  /// Of windows that overlap.
  void point(Value index, Value begin);

private:
  struct Place {
    Value n, channel, channels;       // the first one, and how many
    Value row, rows, column, columns; // of pooled pixels
    Value firstRow, firstColumn;      // of the convolution that are held; may be negative
  };

  Value heldAt(Value channel, Value row) {
    return e.mul(e.add(e.mul(channel, plan.heldRows), row), plan.heldWidth);
  }
  void hold(const Place &place, Value accumulator, const PixelPosition &at) {
    Value row = heldAt(e.sub(at.channel, place.channel), e.sub(at.pixel[1], place.firstRow));
    e.store(epilogue(accumulator, at), held, e.add(row, e.sub(at.pixel[2], place.firstColumn)),
            at.mask);
  }
  void keepRows(const Place &place, Value distance);
  void fillRows(const Place &place, Value from, Value to);
  void computeRows(const Place &place, Value from, Value to);
  void pool(const Place &place);

  Emitter &e;
  const PooledSpec &spec;
  const ConvolutionOperands &ops;
  PooledPlan plan;
  Value scratch;
  PixelEpilogue epilogue;
  PixelSink sink;
  int64_t lanes;
  Value held, lowest;
};

void PooledEmitter::sideBySide(Value begin, Value end) {
  int64_t rows = spec.window.stride[1], columns = spec.window.stride[2];
  int64_t panel = planConvolution(spec.convolution, e.target).panel;
  Place place;
  auto started = [&](const ConvolutionEmitter::Place &at) {
    place.n = at.n;
    place.channel = e.mul(at.panel, panel);
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

// Points run down an image first.
void PooledEmitter::point(Value index, Value begin) {
  int64_t stride = spec.window.stride[1], overlap = spec.window.window[1] - stride;
  int64_t panel = planConvolution(spec.convolution, e.target).panel;
  EvenSplit rowSplit(e, e.index(spec.pooledHeight), plan.rowBlock);
  EvenSplit panelSplit(e, e.index((spec.outputs + panel - 1) / panel), plan.channelBlock / panel);
  Value rowPart = e.rem(index, rowSplit.parts), rest = e.div(index, rowSplit.parts);
  Value panelPart = e.rem(rest, panelSplit.parts);
  Place place;
  place.n = e.div(rest, panelSplit.parts);
  place.channel = e.mul(panelSplit.start(e, panelPart), panel);
  place.channels = e.min(e.mul(panelSplit.length(e, panelPart), panel),
                         e.sub(e.index(spec.outputs), place.channel));
  place.row = rowSplit.start(e, rowPart);
  place.rows = rowSplit.length(e, rowPart);
  place.column = place.firstColumn = e.index(0);
  place.columns = e.index(spec.pooledWidth);
  place.firstRow = e.sub(e.mul(place.row, stride), e.index(spec.window.padding[1]));

  // Rows before and after the image count for no window.
  Value zero = e.index(0), height = e.index(spec.height);
  Value last = e.add(place.firstRow, e.add(e.mul(place.rows, stride), overlap));
  Value from = e.min(e.max(place.firstRow, zero), height);
  if (overlap > 0) {
    Value fresh =
        arith::OrIOp::create(e.builder, e.loc, e.equal(index, begin), e.equal(rowPart, zero));
    e.when(
        fresh, [&] { fillRows(place, zero, e.sub(from, place.firstRow)); },
        [&] {
          Value before = e.sub(rowPart, e.index(1));
          keepRows(place, e.mul(rowSplit.length(e, before), stride));
        });
    from = e.select(fresh, from, e.min(e.add(place.firstRow, overlap), height));
  } else {
    fillRows(place, zero, e.sub(from, place.firstRow));
  }
  Value to = e.max(from, e.min(last, height));
  computeRows(place, from, to);
  fillRows(place, e.sub(to, place.firstRow), e.sub(last, place.firstRow));
  pool(place);
}

/// The last rows of the point before are the first ones of this.
void PooledEmitter::keepRows(const Place &place, Value distance) {
  Value length = e.index((spec.window.window[1] - spec.window.stride[1]) * plan.heldWidth);
  e.loop(e.index(0), place.channels, e.index(1), [&](Value channel) {
    Value to = heldAt(channel, e.index(0)), from = heldAt(channel, distance);
    e.loop(e.index(0), length, e.index(lanes), [&](Value i) {
      Value mask = e.firstLanes(e.sub(length, i), lanes);
      e.store(e.load(held, e.add(from, i), lanes, mask), held, e.add(to, i), mask);
    });
  });
}

void PooledEmitter::fillRows(const Place &place, Value from, Value to) {
  e.loop(e.index(0), place.channels, e.index(1), [&](Value channel) {
    e.loop(heldAt(channel, from), heldAt(channel, to), e.index(1),
           [&](Value at) { e.store(lowest, held, at); });
  });
}

void PooledEmitter::computeRows(const Place &place, Value from, Value to) {
  int64_t panel = planConvolution(spec.convolution, e.target).panel;
  auto sink = [&](Value accumulator, const PixelPosition &at) { hold(place, accumulator, at); };
  ConvolutionEmitter convolution(e, spec.convolution, ops, scratch, sink);
  convolution.rows(place.n, from, e.sub(to, from), e.div(place.channel, e.index(panel)),
                   e.ceilDiv(place.channels, panel));
}

void PooledEmitter::pool(const Place &place) {
  Value one = e.index(1), planeSize = e.index(spec.pooledHeight * spec.pooledWidth);
  WindowSpec window = spec.window;
  window.padding[1] = 0; // rows of padding are held
  WindowOperands image{.input = held,
                       .n = one,
                       .channels = place.channels,
                       .multiplier = {},
                       .inputSize = {one, e.index(plan.heldRows), e.index(plan.heldWidth)},
                       .outputSize = {one, place.rows, place.columns}};
  WindowPlan blocks = planWindow(window, e.target);
  Value points = e.mul(e.mul(place.channels, e.ceilDiv(place.rows, blocks.rowBlock)),
                       e.ceilDiv(place.columns, blocks.columnBlock));
  Value patch = e.view(scratch, plan.windowOffset, e.builder.getI8Type());
  emitMaxPool(e, window, image, e.index(0), points, patch, [&](Value most, PixelPosition at) {
    at.n = place.n;
    at.channel = e.add(place.channel, at.channel);
    at.pixel[1] = e.add(place.row, at.pixel[1]);
    at.pixel[2] = e.add(place.column, at.pixel[2]);
    Value plane = e.add(e.mul(at.n, spec.outputs), at.channel);
    Value inPlane = e.add(e.mul(at.pixel[1], spec.pooledWidth), at.pixel[2]);
    at.offset = e.add(e.mul(plane, planeSize), inPlane);
    sink(most, at);
  });
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
  int64_t bytes = spec.window.element.getIntOrFloatBitWidth() / 8;
  auto aligned = [](int64_t size) { return (size + 63) / 64 * 64; };
  auto parts = [](int64_t size, int64_t most) { return (size + most - 1) / most; };
  PooledPlan plan;
  plan.channelBlock = convolution.channelBlock;
  int64_t channels = std::min(plan.channelBlock, spec.outputs);
  auto [depth, rowStride, columnStride] = spec.window.stride;
  plan.sideBySide = isSideBySide(spec) && rowStride <= convolution.rowBlock &&
                    columnStride <= convolution.tileColumns;
  if (plan.sideBySide) {
    plan.rowBlock = convolution.rowBlock / rowStride;
    plan.columnBlock = convolution.tileColumns / columnStride *
                       (convolution.columnBlock / convolution.tileColumns);
    plan.heldRows = plan.rowBlock * rowStride;
    plan.heldWidth = plan.columnBlock * columnStride;
  } else {
    int64_t extra = spec.window.window[1] - rowStride;
    int64_t fitting = (kHeldBytes / (channels * spec.width * bytes) - extra) / rowStride;
    plan.rowBlock = std::clamp<int64_t>(fitting, 1, parts(spec.pooledHeight, kFewestRowParts));
    plan.columnBlock = spec.pooledWidth;
    plan.heldRows = plan.rowBlock * rowStride + extra;
    plan.heldWidth = spec.width;
  }
  plan.heldOffset = aligned(convolution.scratchBytes(spec.channels));
  // Masked reads of the last row stay inside.
  plan.windowOffset =
      plan.heldOffset +
      aligned(channels * plan.heldRows * plan.heldWidth * bytes + target.vectorBytes());
  plan.scratchBytes = plan.windowOffset + planWindow(spec.window, target).scratchBytes;
  plan.pointsOfImage =
      parts(spec.pooledHeight, plan.rowBlock) * parts(spec.pooledWidth, plan.columnBlock) *
      parts(parts(spec.outputs, convolution.panel), plan.channelBlock / convolution.panel);
  return plan;
}

void emitPooledConvolution(Emitter &e, const PooledSpec &spec, const ConvolutionOperands &operands,
                           Value begin, Value end, Value scratch, PixelEpilogue epilogue,
                           PixelSink sink) {
  PooledEmitter pooled(e, spec, operands, scratch, epilogue, sink);
  if (planPooledConvolution(spec, e.target).sideBySide)
    pooled.sideBySide(begin, end);
  else
    e.loop(begin, end, e.index(1), [&](Value index) { pooled.point(index, begin); });
}

} // namespace heddle::codegen
