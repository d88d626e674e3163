// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/ConvolutionEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {

/// How far ahead of a tile its input is asked for, where it is.
static constexpr int64_t kChannelsAhead = 16;

void ConvolutionEmitter::placeTile(Tile &tile, const PatchGeometry &geometry,
                                   const PixelBlock &block, Value row, Value column) {
  SpatialValues first{geometry.depth0, geometry.row0, geometry.column0};
  if (!spec.transposed) {
    tile.origin = {e.index(0), e.mul(row, spec.stride[1]), e.mul(column, spec.stride[2])};
    for (int i = 0; i < 3; ++i)
      tile.firstRead[i] = e.add(first[i], tile.origin[i]);
    return;
  }
  SpatialValues output{block.depth, e.add(block.row, row), e.add(block.column, column)};
  for (int i = 0; i < 3; ++i)
    tile.origin[i] = e.sub(e.add(output[i], spec.padding[i]), e.mul(first[i], spec.stride[i]));
}

// An output at coordinate t has the taps k with t = (input) * stride + k * dilation.
ConvolutionEmitter::Tap ConvolutionEmitter::tap(const Tile &tile, int dim, Value index) {
  Value reach = e.mul(index, spec.dilation[dim]);
  if (!spec.transposed)
    return {e.add(tile.origin[dim], reach), isInInput(tile, dim, reach)};
  Value distance = e.sub(tile.origin[dim], reach), stride = e.index(spec.stride[dim]);
  Value exists;
  if (spec.stride[dim] > 1)
    exists = e.equal(e.rem(distance, stride), e.index(0));
  return {e.div(distance, stride), exists};
}

// Of a plane of 28 x 28 and windows whose elements are 18 apart, two thirds of what they meet are
// pads.
Value ConvolutionEmitter::isInInput(const Tile &tile, int dim, Value reach) {
  if (!spec.skipsPads || spec.dilation[dim] == 1)
    return {};
  int64_t rowPixels = spec.narrowWidth != 0 ? spec.narrowWidth : tile.pixels;
  Spatial pixels{1, tile.pixels / rowPixels, rowPixels};
  int64_t others = (pixels[dim] - 1) * spec.stride[dim];
  Value last = e.add(e.add(tile.firstRead[dim], reach), others);
  // Where it is before the input, it is a large unsigned number.
  return arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::ult, last,
                               e.add(ops.inputSize[dim], others));
}

bool ConvolutionEmitter::filtersFitCache() const {
  constexpr int64_t secondCacheShare = 128 << 10;
  std::optional<int64_t> inputs = getConstantIntValue(ops.ic);
  std::optional<int64_t> outputs = getConstantIntValue(ops.oc);
  int64_t bytes = spec.window[0] * spec.window[1] * spec.window[2] * elementBytes();
  return inputs && outputs && *inputs * *outputs * bytes <= secondCacheShare;
}

// The panels that follow would come from memory as fast as the first tile of pixels asks for them,
// and that is faster than memory is. So each tile of pixels asks for its share of them, spread over
// its taps: here a few lines, for the part of the filters that corresponds to one block of channels.
void ConvolutionEmitter::prefetchNextPanels(const Tile &tile, Value filtersDone, int64_t rowStep) {
  // No more than there are channels.
  int64_t depth = getConstantIntValue(steps).value_or(kChannelBlock);
  depth = std::clamp<int64_t>(depth, 1, kChannelBlock);
  int64_t lines = std::min<int64_t>(4, depth);
  Value next = e.add(tile.filter, e.mul(tile.panelStep, tile.panels));
  Value done = e.add(filtersDone, e.mul(tile.turn, tile.panelStep));
  for (int64_t line = 0; line < lines; ++line) {
    Value here = e.add(done, line * depth / lines * rowStep);
    Value offset = e.add(next, e.div(e.mul(here, tile.turnShare), e.index(1 << 16)));
    for (int64_t j = 0; j < tile.panels; ++j)
      e.prefetch(ops.filter, e.add(offset, e.mul(tile.panelStep, j)), Emitter::Cache::Second);
  }
}

void ConvolutionEmitter::accumulate(const Tile &tile) {
  int64_t perPanel = plan.panel / math.columns(), vectors = tile.panels * perPanel;
  // With the input's sum as one more column.
  int64_t columns = vectors + (usesInputSums() ? 1 : 0);
  int64_t vectorStep = math.columns() * math.depth(), rowStep = plan.panel * math.depth();
  Values sums(tile.pixels * columns, math.zero(e));
  Value zero = e.index(0), one = e.index(1);
  auto [kd, kh, kw] = spec.window;
  int64_t taps = kd * kh * kw;
  int64_t pixelDistance = spec.transposed ? 1 : spec.stride[2];
  Value filters = e.add(tile.filter, panelHeader(math, plan.panel));
  // Pixels of a tile are side by side, or in several narrow rows.
  int64_t rowPixels = spec.narrowWidth != 0 ? spec.narrowWidth : tile.pixels;
  auto pixelAt = [&](Value inputAt, int64_t p) {
    if (tile.lastPixel && p + 1 == tile.pixels)
      return e.add(inputAt, e.mul(tile.lastPixel, pixelDistance));
    Value down = e.mul(tile.patch.rowStep, p / rowPixels * spec.stride[1]);
    return e.add(e.add(inputAt, down), p % rowPixels * pixelDistance);
  };
  sums = e.loop(zero, steps, e.index(kChannelBlock), sums, [&](Value block, ValueRange s0) {
    Value depth = e.min(e.index(kChannelBlock), e.sub(steps, block));
    Value filterBlock = e.add(filters, e.mul(block, taps * rowStep));
    Value inputBlock = e.add(tile.patch.start, e.mul(block, tile.patch.channelStep));
    Value tapStep = e.mul(depth, rowStep);
    if (ops.prefetch)
      prefetch(tile.results, e.div(block, e.index(kChannelBlock)));
    auto innermost = [&](Value input, Value filter, Value depth, ValueRange carried) {
      if (!filtersFitCache())
        prefetchNextPanels(tile, e.sub(filter, filters), rowStep);
      auto step = [&](Value channel, ValueRange carried) {
        Values sums(carried), weights;
        Value weightsAt = e.add(filter, e.mul(channel, rowStep));
        for (int64_t j = 0; j < tile.panels; ++j)
          for (int64_t v = 0; v < perPanel; ++v)
            weights.push_back(math.loadColumns(
                e, ops.filter, e.add(e.add(weightsAt, e.mul(tile.panelStep, j)), v * vectorStep)));
        if (usesInputSums())
          weights.push_back(math.ones(e));
        Value inputAt = e.add(input, e.mul(channel, tile.patch.channelStep));
        if (asksForInput()) {
          Value ahead = e.add(inputAt, e.mul(tile.patch.channelStep, kChannelsAhead));
          askForInput(tile.patch.buffer, tile.pixels, rowPixels,
                      [&](int64_t p) { return pixelAt(ahead, p); });
        }
        for (int64_t p = 0; p < tile.pixels; ++p) {
          Value x = math.broadcast(e, tile.patch.buffer, pixelAt(inputAt, p));
          for (int64_t j = 0; j < columns; ++j) {
            Value &sum = sums[p * columns + j];
            sum = math.multiplyAdd(e, x, weights[j], sum);
          }
        }
        return sums;
      };
      return e.unrolledLoop(depth, stepsAtOnce(steps), carried, step);
    };
    // Windows of one element need no loop.
    auto over = [&](int64_t size, ValueRange carried, Emitter::CarryingBody body) {
      return size == 1 ? body(zero, carried) : e.loop(zero, e.index(size), one, carried, body);
    };
    return over(kd, s0, [&](Value d, ValueRange s1) {
      Tap plane = tap(tile, 0, d);
      Value planeAt = e.add(inputBlock, e.mul(plane.offset, tile.patch.depthStep));
      return over(kh, s1, [&](Value h, ValueRange s2) {
        Value windows = e.mul(e.div(block, e.index(kChannelBlock)), kd * kh);
        if (patchIsCopied())
          tile.ahead->prefetch(e, e.add(e.add(tile.aheadTurn, windows), e.add(e.mul(d, kh), h)));
        Tap row = tap(tile, 1, h);
        Value rowAt = e.add(planeAt, e.mul(row.offset, tile.patch.rowStep));
        Value tapRow = e.mul(e.add(e.mul(d, kh), h), kw);
        return over(kw, s2, [&](Value w, ValueRange s3) {
          Tap column = tap(tile, 2, w);
          Value filter = e.add(filterBlock, e.mul(e.add(tapRow, w), tapStep));
          Value length = depth; // none where a tap does not exist
          for (const Tap &tap : {plane, row, column})
            if (tap.exists)
              length = e.select(tap.exists, length, zero);
          return innermost(e.add(rowAt, column.offset), filter, length, s3);
        });
      });
    });
  });
  Value firstRow = e.mul(tile.firstPixel, tileRow());
  for (int64_t p = 0; p < tile.pixels; ++p)
    for (int64_t j = 0; j < columns; ++j) {
      int64_t column = j < vectors ? j * math.columns() : plan.panels * plan.panel;
      e.store(sums[p * columns + j], rowBuffer,
              e.add(firstRow, p * tile.pixelStep * tileRow() + column));
    }
}

} // namespace heddle::codegen
