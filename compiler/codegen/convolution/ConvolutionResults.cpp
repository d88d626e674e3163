// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/ConvolutionEmitter.h"
#include "compiler/codegen/convolution/TurnedResults.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {

void ConvolutionEmitter::prefetch(const TileResults &results, Value channelBlock) {
  const auto &[channels, row, column, pixels, firstTurn] = results;
  const PixelBlock &block = channels->block;
  Value turns = e.mul(channelBlocks(), phases());
  Value share = e.div(e.add(channels->count, e.sub(turns, e.index(1))), turns);
  Value begin = e.mul(e.add(firstTurn, channelBlock), share);
  auto &[od, oh, ow] = ops.outputSize;
  Value outRow = e.add(block.row, row), first = e.add(block.column, column);
  Value inPlane = e.mul(e.add(e.mul(block.depth, oh), outRow), ow);
  e.loop(begin, e.min(channels->count, e.add(begin, share)), e.index(1), [&](Value c) {
    PixelPosition at;
    at.n = channels->n;
    at.channel = e.add(channels->first, c);
    at.lanes = 1;
    Value plane = e.mul(e.add(e.mul(channels->n, ops.oc), at.channel), e.mul(e.mul(od, oh), ow));
    for (Value pixel : {first, e.add(first, e.sub(pixels, e.index(1)))}) {
      at.pixel = {block.depth, outRow, pixel};
      at.offset = e.add(plane, e.add(inPlane, pixel));
      ops.prefetch(e, at);
    }
  });
}

void ConvolutionEmitter::finish(const Channels &channels, const Tile &tile, Value row, Value column,
                                Value pixels) {
  ChannelResults results{rowBuffer, tileRow(), turned, lanes};
  Value inputSums;
  deliverTurned(
      e, ops, results,
      {channels.n, channels.first, channels.count, channels.block.depth, row, column, pixels,
       e.index(0)},
      [&](Value sum, const PixelPosition &at, Value channel) {
        if (math.isBytes()) {
          Value panel = e.div(channel, e.index(plan.panel));
          sum = withoutZeroPoints(sum, inputSums, at.channel,
                                  e.add(tile.filter, e.mul(panel, tile.panelStep)),
                                  e.rem(channel, e.index(plan.panel)));
        }
        sink(sum, at);
      },
      [&](Value pixel) {
        if (usesInputSums()) // in every column of its vector
          inputSums = results.turn(e, pixel, e.index(plan.panels * plan.panel))[0];
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

} // namespace heddle::codegen
