// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/Convolution.h"

#include "compiler/codegen/TileMath.h"
#include "compiler/codegen/convolution/BytePatch.h"
#include "compiler/codegen/convolution/FilterLayout.h"
#include "compiler/codegen/convolution/InputPatch.h"
#include "compiler/codegen/matmul/ByteOperands.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

class ConvolutionEmitter {
public:
  ConvolutionEmitter(Emitter &e, const ConvolutionSpec &spec, const ConvolutionOperands &ops,
                     Value scratch, PixelSink sink)
      : e(e), spec(spec), ops(ops), plan(planConvolution(spec, e.target)), sink(sink),
        scratch(scratch), math(e.target, spec.accumulator()),
        lanes(std::min(e.lanesOf(spec.accumulator()), plan.panel)),
        tileBuffer(e.view(scratch, int64_t(0), spec.accumulator())),
        turned(e.view(scratch, tileBytes(), spec.accumulator())) {}

  void run(Value begin, Value end) {
    groupChannels = e.div(ops.ic, ops.groups);
    groupOutputs = e.div(ops.oc, ops.groups);
    steps = e.ceilDiv(groupChannels, math.depth());
    if (math.isBytes()) {
      inputZero = arith::ConstantIntOp::create(e.builder, e.loc, spec.inputSigned ? 128 : 0, 32);
      if (ops.inputZeroPoint)
        inputZero = e.add(inputZero, ops.inputZeroPoint(e));
    }
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
  void finish(Value n, Value group, Value channel, Value filter, Value panelStep,
              const PixelBlock &block, Value row, Value column, Value pixels, Value channels);
  Value withoutZeroPoints(Value sum, Value inputSums, Value channel, Value panelAt, Value lane);
  int64_t elementBytes() const { return spec.accumulator().getIntOrFloatBitWidth() / 8; }
  bool usesInputSums() const { return math.isBytes() && !spec.filterCentered; }
  // Results of a tile: [pixel, rounded up to whole vectors][panels * panel], then the input's sum.
  int64_t tileRow() const {
    return plan.panels * plan.panel + (spec.filterCentered ? 0 : plan.panel);
  }
  int64_t tilePixels() const { return (plan.pixels + lanes - 1) / lanes * lanes; }
  int64_t tileBytes() const { return tilePixels() * tileRow() * elementBytes(); }

  Emitter &e;
  const ConvolutionSpec &spec;
  const ConvolutionOperands &ops;
  ConvolutionPlan plan;
  PixelSink sink;
  Value scratch;
  TileMath math;
  int64_t lanes;
  Value tileBuffer, turned;
  Value groupChannels, groupOutputs;
  Value steps;     // of depth in a group
  Value inputZero; // point of unsigned bytes
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
  Value refill = arith::OrIOp::create(e.builder, e.loc, e.equal(index, begin),
                                      e.equal(panelPart, e.index(0)));
  if (math.isBytes()) {
    Value fill =
        arith::TruncIOp::create(e.builder, e.loc, e.builder.getI8Type(), inputZero);
    patch = bytePatchCopied(e, spec, ops.input, firstPlane, groupChannels, ops.inputSize, block,
                            scratch, plan.patchOffset, fill, refill);
  } else if (spec.padded) {
    patch = patchCopied(e, spec, ops.input, firstPlane, groupChannels, ops.inputSize, block,
                        e.view(scratch, plan.patchOffset, spec.element), refill);
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
  tile.panelStep = panelSize(e, math, steps, taps, plan.panel);
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
        finish(n, group, channel, tile.filter, tile.panelStep, block, row, column, pixels,
               channels);
      });
    });
  });
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
  Value filters = e.add(tile.filter, panelHeader(math, plan.panel));
  sums = e.loop(zero, steps, e.index(kChannelBlock), sums, [&](Value block, ValueRange s0) {
    Value depth = e.min(e.index(kChannelBlock), e.sub(steps, block));
    Value filterBlock = e.add(filters, e.mul(block, taps * rowStep));
    Value inputBlock = e.add(tile.start, e.mul(block, tile.patch.channelStep));
    Value tapStep = e.mul(depth, rowStep);
    auto innermost = [&](Value input, Value filter, ValueRange carried) {
      return e.loop(zero, depth, one, carried, [&](Value channel, ValueRange carried) {
        Values sums(carried), weights;
        Value weightsAt = e.add(filter, e.mul(channel, rowStep));
        for (int64_t j = 0; j < tile.panels; ++j)
          for (int64_t v = 0; v < perPanel; ++v)
            weights.push_back(math.loadColumns(
                e, ops.filter,
                e.add(e.add(weightsAt, e.mul(tile.panelStep, j)), v * vectorStep)));
        if (usesInputSums())
          weights.push_back(math.ones(e));
        Value inputAt = e.add(input, e.mul(channel, tile.patch.channelStep));
        for (int64_t p = 0; p < tile.pixels; ++p) {
          Value x = math.broadcast(e, tile.patch.buffer, e.add(inputAt, p * spec.stride[2]));
          for (int64_t j = 0; j < columns; ++j) {
            Value &sum = sums[p * columns + j];
            sum = math.multiplyAdd(e, x, weights[j], sum);
          }
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
    for (int64_t j = 0; j < columns; ++j) {
      int64_t column = j < vectors ? j * math.columns() : plan.panels * plan.panel;
      e.store(math.results(e, sums[p * columns + j]), tileBuffer,
              e.index(p * tileRow() + column));
    }
}

// Turns a tile from channels to pixels in the lanes and hands it to the sink.
void ConvolutionEmitter::finish(Value n, Value group, Value channel, Value filter,
                                Value panelStep, const PixelBlock &block, Value row,
                                Value column, Value pixels, Value channels) {
  Value zero = e.index(0), step = e.index(lanes);
  Value outRow = e.add(block.row, row);
  Value firstChannel = e.add(e.mul(group, groupOutputs), channel);
  auto &[od, oh, ow] = ops.outputSize;
  Value planeSize = e.mul(e.mul(od, oh), ow);
  Value inPlane = e.mul(e.add(e.mul(block.depth, oh), outRow), ow);
  e.loop(zero, channels, step, [&](Value c) {
    Value count = e.min(step, e.sub(channels, c));
    e.loop(zero, pixels, step, [&](Value p) {
      auto turn = [&](Value column) {
        Values square;
        for (int64_t i = 0; i < lanes; ++i)
          square.push_back(
              e.load(tileBuffer, e.add(e.mul(e.add(p, i), tileRow()), column), lanes));
        return e.transpose(square);
      };
      Value inputSums;
      if (usesInputSums()) // in every column of its vector
        inputSums = turn(e.index(plan.panels * plan.panel))[0];
      Values square = turn(c);
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
        if (math.isBytes()) {
          Value place = e.add(c, i), panel = e.div(place, e.index(plan.panel));
          sum = withoutZeroPoints(sum, inputSums, at.channel,
                                  e.add(filter, e.mul(panel, panelStep)),
                                  e.rem(place, e.index(plan.panel)));
        }
        sink(sum, at);
      });
    });
  });
}

// sum (a - x)(b - y) = sum ab - x sum b - y sum a + K x y; what is outside the input is x.
Value ConvolutionEmitter::withoutZeroPoints(Value sum, Value inputSums, Value channel,
                                            Value panelAt, Value lane) {
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIntOp::create(e.builder, e.loc, value, 32);
  };
  auto minus = [&](Value a, Value b) -> Value {
    return arith::SubIOp::create(e.builder, e.loc, a, b);
  };
  Value scalar = constant(0); // what all pixels of the channel lose
  if (spec.inputSigned || ops.inputZeroPoint) {
    Value sums = e.view(ops.filter, int64_t(0), spec.accumulator());
    Value filterSum = e.load(sums, e.add(e.div(panelAt, e.index(4)), lane));
    scalar = e.mul(inputZero, filterSum);
  }
  if (usesInputSums()) {
    Value y = constant(spec.filterSigned ? 0 : -128);
    if (ops.filterZeroPoint)
      y = e.add(y, ops.filterZeroPoint(e, channel));
    int64_t taps = spec.window[0] * spec.window[1] * spec.window[2];
    Value count = arith::IndexCastOp::create(e.builder, e.loc, spec.accumulator(),
                                             e.mul(groupChannels, taps));
    scalar = minus(scalar, e.mul(count, e.mul(inputZero, y)));
    sum = minus(sum, e.mul(inputSums, e.broadcast(y, lanes)));
  }
  return minus(sum, e.broadcast(scalar, lanes));
}

} // namespace

Type ConvolutionSpec::accumulator() const {
  return element.isInteger(8) ? Type(IntegerType::get(element.getContext(), 32)) : element;
}

ConvolutionPlan planConvolution(const ConvolutionSpec &spec, const Target &target) {
  ConvolutionPlan plan;
  int64_t bytes = spec.accumulator().getIntOrFloatBitWidth() / 8;
  plan.bytes = spec.element.isInteger(8);
  plan.panel = 64 / bytes;
  // Accumulators, the panels' weights and a broadcast pixel fill the registers.
  int64_t perPanel = plan.panel / TileMath(target, spec.accumulator()).columns();
  bool sums = plan.bytes && !spec.filterCentered;
  plan.panels = perPanel == 1 ? 2 : 1;
  int64_t weights = plan.panels * perPanel;
  plan.pixels =
      std::max<int64_t>(1, (target.vectorRegisters() - weights - 2) / (weights + sums));
  plan.rowBlock = 8;
  plan.columnBlock = 56;
  plan.channelBlock = 4 * plan.panel;
  int64_t lanes = std::min(target.vectorBytes() / bytes, plan.panel);
  int64_t tilePixels = (plan.pixels + lanes - 1) / lanes * lanes;
  int64_t tileRow = plan.panels * plan.panel + (spec.filterCentered ? 0 : plan.panel);
  plan.patchOffset = plan.scratchFixed = (tilePixels * tileRow + lanes * lanes) * bytes;
  plan.scratchPerChannel = 0;
  if (plan.bytes) {
    // Four channels to an element of the patch, however many are left.
    plan.scratchPerChannel = patchElements(spec, plan.rowBlock, plan.columnBlock, 16);
    plan.scratchFixed += 3 * plan.scratchPerChannel;
  } else if (spec.padded) {
    plan.scratchPerChannel = patchElements(spec, plan.rowBlock, plan.columnBlock, lanes) * bytes;
  }
  return plan;
}

void emitConvolution(Emitter &e, const ConvolutionSpec &spec, const ConvolutionOperands &operands,
                     Value begin, Value end, Value scratch, PixelSink sink) {
  ConvolutionEmitter(e, spec, operands, scratch, sink).run(begin, end);
}

} // namespace heddle::codegen
