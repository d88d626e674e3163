// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/Convolution.h"

#include "compiler/codegen/convolution/InputPatch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

constexpr int64_t kChannelBlock = 16; // input channels between two steps of the window

class ConvolutionEmitter {
public:
  ConvolutionEmitter(Emitter &e, const ConvolutionSpec &spec, const ConvolutionOperands &ops,
                     Value scratch, PixelSink sink)
      : e(e), spec(spec), ops(ops), plan(planConvolution(spec, e.target)), sink(sink),
        lanes(std::min(e.lanesOf(spec.element), plan.panel)),
        tileBuffer(e.view(scratch, int64_t(0), spec.element)),
        turned(e.view(scratch, tileBytes(), spec.element)),
        patchBuffer(e.view(scratch, plan.scratchFixed, spec.element)) {}

  void run(Value begin, Value end) {
    groupChannels = e.div(ops.ic, ops.groups);
    groupOutputs = e.div(ops.oc, ops.groups);
    e.loop(begin, end, e.index(1), [&](Value index) { point(index, begin); });
  }

private:
  struct Tile {
    InputPatch patch;
    Value filter, panelStep; // offset of the first panel's filters, and between panels
    Value start;             // of the first pixel in the patch
    int64_t panels, pixels;
  };

  void point(Value index, Value begin);
  void channelPanels(Value n, Value group, const PixelBlock &block, const InputPatch &patch,
                     Value panel, Value panels);
  void accumulate(const Tile &tile);
  void finish(Value n, Value group, Value channel, const PixelBlock &block, Value row,
              Value column, Value pixels, Value channels);
  int64_t elementBytes() const { return spec.element.getIntOrFloatBitWidth() / 8; }
  // Results of a tile: [pixel, rounded up to whole vectors][panels * panel].
  int64_t tileRow() const { return plan.panels * plan.panel; }
  int64_t tilePixels() const { return (plan.pixels + lanes - 1) / lanes * lanes; }
  int64_t tileBytes() const { return tilePixels() * tileRow() * elementBytes(); }

  Emitter &e;
  const ConvolutionSpec &spec;
  const ConvolutionOperands &ops;
  ConvolutionPlan plan;
  PixelSink sink;
  int64_t lanes;
  Value tileBuffer, turned, patchBuffer;
  Value groupChannels, groupOutputs;
};

// Points run over the channel blocks first: they share a patch.
void ConvolutionEmitter::point(Value index, Value begin) {
  EvenSplit rowSplit(e, ops.outputSize[1], plan.rowBlock);
  EvenSplit columnSplit(e, ops.outputSize[2], plan.columnBlock);
  Value panels = e.ceilDiv(groupOutputs, plan.panel);
  EvenSplit panelSplit(e, panels, plan.channelBlock / plan.panel);
  Value rest = index;
  auto next = [&](Value size) {
    Value digit = e.rem(rest, size);
    rest = e.div(rest, size);
    return digit;
  };
  Value panelPart = next(panelSplit.parts), columnPart = next(columnSplit.parts);
  Value rowPart = next(rowSplit.parts), depth = next(ops.outputSize[0]);
  Value group = next(ops.groups), n = rest;
  PixelBlock block{depth, rowSplit.start(e, rowPart), rowSplit.length(e, rowPart),
                   columnSplit.start(e, columnPart), columnSplit.length(e, columnPart)};
  Value firstPlane = e.add(e.mul(n, ops.ic), e.mul(group, groupChannels));
  InputPatch patch;
  if (spec.padded) {
    Value refill = arith::OrIOp::create(e.builder, e.loc, e.equal(index, begin),
                                        e.equal(panelPart, e.index(0)));
    patch = patchCopied(e, spec, ops.input, firstPlane, groupChannels, ops.inputSize, block,
                        patchBuffer, refill);
  } else {
    patch = patchInPlace(e, spec, ops.input, firstPlane, ops.inputSize, block);
  }
  Value panel0 = panelSplit.start(e, panelPart);
  EvenSplit tiles(e, panelSplit.length(e, panelPart), plan.panels);
  e.loop(e.index(0), tiles.parts, e.index(1), [&](Value tile) {
    channelPanels(n, group, block, patch, e.add(panel0, tiles.start(e, tile)),
                  tiles.length(e, tile));
  });
}

// All pixels of the block for one or a few panels, whose filters stay in the second cache.
void ConvolutionEmitter::channelPanels(Value n, Value group, const PixelBlock &block,
                                       const InputPatch &patch, Value panel, Value panels) {
  int64_t taps = spec.window[0] * spec.window[1] * spec.window[2];
  Tile tile;
  tile.patch = patch;
  tile.panelStep = e.mul(groupChannels, taps * plan.panel);
  Value groupPanels = e.ceilDiv(groupOutputs, plan.panel);
  tile.filter = e.mul(e.add(e.mul(group, groupPanels), panel), tile.panelStep);
  Value channel = e.mul(panel, plan.panel);
  Value channels = e.min(e.mul(panels, plan.panel), e.sub(groupOutputs, channel));
  EvenSplit tiles(e, block.columns, plan.pixels);
  e.specialize(panels, 1, plan.panels, [&](int64_t panelCount) {
    tile.panels = panelCount;
    e.loop(e.index(0), block.rows, e.index(1), [&](Value row) {
      Value rowStart = e.add(patch.start, e.mul(e.mul(row, spec.stride[1]), patch.rowStep));
      e.loop(e.index(0), tiles.parts, e.index(1), [&](Value part) {
        Value column = tiles.start(e, part), pixels = tiles.length(e, part);
        tile.start = e.add(rowStart, e.mul(column, spec.stride[2]));
        e.specialize(pixels, 1, plan.pixels, [&](int64_t pixelCount) {
          tile.pixels = pixelCount;
          accumulate(tile);
        });
        finish(n, group, channel, block, row, column, pixels, channels);
      });
    });
  });
}

void ConvolutionEmitter::accumulate(const Tile &tile) {
  int64_t perPanel = plan.panel / lanes, vectors = tile.panels * perPanel;
  Type vectorType = e.vector(spec.element, lanes);
  Values sums(tile.pixels * vectors, e.zero(vectorType));
  Value zero = e.index(0), one = e.index(1);
  auto [kd, kh, kw] = spec.window;
  int64_t taps = kd * kh * kw;
  sums = e.loop(zero, groupChannels, e.index(kChannelBlock), sums, [&](Value block, ValueRange s0) {
    Value depth = e.min(e.index(kChannelBlock), e.sub(groupChannels, block));
    Value filterBlock = e.add(tile.filter, e.mul(block, taps * plan.panel));
    Value inputBlock = e.add(tile.start, e.mul(block, tile.patch.channelStep));
    Value tapStep = e.mul(depth, plan.panel);
    auto innermost = [&](Value input, Value filter, ValueRange carried) {
      return e.loop(zero, depth, one, carried, [&](Value channel, ValueRange carried) {
        Values sums(carried), weights;
        Value weightsAt = e.add(filter, e.mul(channel, plan.panel));
        for (int64_t j = 0; j < tile.panels; ++j)
          for (int64_t v = 0; v < perPanel; ++v)
            weights.push_back(e.load(
                ops.filter, e.add(e.add(weightsAt, e.mul(tile.panelStep, j)), v * lanes), lanes));
        Value inputAt = e.add(input, e.mul(channel, tile.patch.channelStep));
        for (int64_t p = 0; p < tile.pixels; ++p) {
          Value pixel = e.load(tile.patch.buffer, e.add(inputAt, p * spec.stride[2]));
          Value x = e.broadcast(pixel, lanes);
          for (int64_t j = 0; j < vectors; ++j)
            sums[p * vectors + j] = e.fma(x, weights[j], sums[p * vectors + j]);
        }
        return sums;
      });
    };
    // Windows of one element need no loop.
    auto over = [&](int64_t size, ValueRange carried, Emitter::CarryingBody body) {
      return size == 1 ? body(zero, carried) : e.loop(zero, e.index(size), one, carried, body);
    };
    return over(kd, s0, [&](Value d, ValueRange s1) {
      Value planeAt = e.add(inputBlock, e.mul(e.mul(d, spec.dilation[0]), tile.patch.depthStep));
      return over(kh, s1, [&](Value h, ValueRange s2) {
        Value rowAt = e.add(planeAt, e.mul(e.mul(h, spec.dilation[1]), tile.patch.rowStep));
        Value tapRow = e.mul(e.add(e.mul(d, kh), h), kw);
        return over(kw, s2, [&](Value w, ValueRange s3) {
          Value filter = e.add(filterBlock, e.mul(e.add(tapRow, w), tapStep));
          return innermost(e.add(rowAt, e.mul(w, spec.dilation[2])), filter, s3);
        });
      });
    });
  });
  for (int64_t p = 0; p < tile.pixels; ++p)
    for (int64_t j = 0; j < vectors; ++j)
      e.store(sums[p * vectors + j], tileBuffer, e.index(p * tileRow() + j * lanes));
}

// Turns a tile from channels to pixels in the lanes and hands it to the sink.
void ConvolutionEmitter::finish(Value n, Value group, Value channel, const PixelBlock &block,
                                Value row, Value column, Value pixels, Value channels) {
  Value zero = e.index(0), step = e.index(lanes);
  Value outRow = e.add(block.row, row);
  Value firstChannel = e.add(e.mul(group, groupOutputs), channel);
  auto &[od, oh, ow] = ops.outputSize;
  Value planeSize = e.mul(e.mul(od, oh), ow);
  Value inPlane = e.mul(e.add(e.mul(block.depth, oh), outRow), ow);
  e.loop(zero, channels, step, [&](Value c) {
    Value count = e.min(step, e.sub(channels, c));
    e.loop(zero, pixels, step, [&](Value p) {
      Values square;
      for (int64_t i = 0; i < lanes; ++i)
        square.push_back(
            e.load(tileBuffer, e.add(e.mul(e.add(p, i), tileRow()), c), lanes));
      square = e.transpose(square);
      for (int64_t i = 0; i < lanes; ++i)
        e.store(square[i], turned, e.index(i * lanes));
      Value left = e.sub(pixels, p), firstColumn = e.add(e.add(block.column, column), p);
      e.loop(zero, count, e.index(1), [&](Value i) {
        Value sum = e.load(turned, e.mul(i, lanes), lanes);
        PixelPosition at;
        at.n = n;
        at.channel = e.add(firstChannel, e.add(c, i));
        at.pixel = {block.depth, outRow, firstColumn};
        at.offset = e.add(e.mul(e.add(e.mul(n, ops.oc), at.channel), planeSize),
                          e.add(inPlane, firstColumn));
        at.mask = e.firstLanes(left, lanes);
        at.lanes = lanes;
        sink(sum, at);
      });
    });
  });
}

} // namespace

ConvolutionPlan planConvolution(const ConvolutionSpec &spec, const Target &target) {
  ConvolutionPlan plan;
  int64_t bytes = spec.element.getIntOrFloatBitWidth() / 8;
  plan.panel = 64 / bytes;
  // panels * pixels accumulators, the panels' weights and a broadcast pixel fill the registers.
  if (target.hasAvx512())
    plan.panels = 2, plan.pixels = 14;
  else if (target.hasAvx2())
    plan.panels = 1, plan.pixels = 6;
  else
    plan.panels = 1, plan.pixels = 2;
  plan.rowBlock = 8;
  plan.columnBlock = 56;
  plan.channelBlock = 4 * plan.panel;
  int64_t lanes = std::min(target.vectorBytes() / bytes, plan.panel);
  int64_t tilePixels = (plan.pixels + lanes - 1) / lanes * lanes;
  plan.scratchFixed = (tilePixels * plan.panels * plan.panel + lanes * lanes) * bytes;
  plan.scratchPerChannel =
      spec.padded ? patchElements(spec, plan.rowBlock, plan.columnBlock, lanes) * bytes : 0;
  return plan;
}

void emitConvolution(Emitter &e, const ConvolutionSpec &spec, const ConvolutionOperands &operands,
                     Value begin, Value end, Value scratch, PixelSink sink) {
  ConvolutionEmitter(e, spec, operands, scratch, sink).run(begin, end);
}

void emitPackFilter(Emitter &e, const ConvolutionSpec &spec, Value source, Value packed,
                    Value groups, Value oc, Value channels, Value begin, Value end) {
  int64_t panel = planConvolution(spec, e.target).panel;
  int64_t taps = spec.window[0] * spec.window[1] * spec.window[2];
  Value outputs = e.div(oc, groups), panels = e.ceilDiv(outputs, panel);
  Value zero = e.index(0), one = e.index(1), padding = e.zero(spec.element);
  e.loop(begin, end, one, [&](Value point) {
    Value group = e.div(point, panels), first = e.mul(e.rem(point, panels), panel);
    Value used = e.min(e.index(panel), e.sub(outputs, first));
    Value from = e.add(e.mul(group, outputs), first);
    Value panelAt = e.mul(e.mul(point, channels), taps * panel);
    e.loop(zero, channels, one, [&](Value channel) {
      Value block = e.div(channel, e.index(kChannelBlock));
      Value blockStart = e.mul(block, kChannelBlock);
      Value depth = e.min(e.index(kChannelBlock), e.sub(channels, blockStart));
      Value blockAt = e.add(panelAt, e.mul(blockStart, taps * panel));
      e.loop(zero, e.index(taps), one, [&](Value tap) {
        Value at = e.add(e.mul(tap, depth), e.sub(channel, blockStart));
        Value to = e.add(blockAt, e.mul(at, panel));
        e.loop(zero, used, one, [&](Value lane) {
          Value filter = e.add(e.mul(e.add(from, lane), channels), channel);
          e.store(e.load(source, e.add(e.mul(filter, taps), tap)), packed, e.add(to, lane));
        });
        e.loop(used, e.index(panel), one,
               [&](Value lane) { e.store(padding, packed, e.add(to, lane)); });
      });
    });
  });
}

} // namespace heddle::codegen
