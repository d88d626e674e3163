// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/ConvolutionEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {

void ConvolutionEmitter::prefetch(const Channels &channels, Value row, Value column,
                                  Value pixels) {
  const PixelBlock &block = channels.block;
  auto &[od, oh, ow] = ops.outputSize;
  Value outRow = e.add(block.row, row), first = e.add(block.column, column);
  Value inPlane = e.mul(e.add(e.mul(block.depth, oh), outRow), ow);
  e.loop(e.index(0), channels.count, e.index(1), [&](Value c) {
    PixelPosition at;
    at.n = channels.n;
    at.channel = e.add(channels.first, c);
    at.lanes = 1;
    Value plane = e.mul(e.add(e.mul(channels.n, ops.oc), at.channel), e.mul(e.mul(od, oh), ow));
    for (Value pixel : {first, e.add(first, e.sub(pixels, e.index(1)))}) {
      at.pixel = {block.depth, outRow, pixel};
      at.offset = e.add(plane, e.add(inPlane, pixel));
      ops.prefetch(e, at);
    }
  });
}

// Turns results from channels to pixels in the lanes and hands them to the sink. Rows and not each of
// their tiles: planes are far apart, and the longer the runs, the fewer lines are written in parts.
void ConvolutionEmitter::finish(const Channels &channels, const Tile &tile, Value row, Value column,
                                Value pixels) {
  Value n = channels.n, depth = channels.block.depth;
  Value zero = e.index(0), step = e.index(lanes);
  auto &[od, oh, ow] = ops.outputSize;
  Value planeSize = e.mul(e.mul(od, oh), ow);
  Value inPlane = e.mul(e.add(e.mul(depth, oh), row), ow);
  e.loop(zero, channels.count, step, [&](Value c) {
    Value count = e.min(step, e.sub(channels.count, c));
    e.loop(zero, pixels, step, [&](Value p) {
      auto turn = [&](Value first) {
        Values square;
        for (int64_t i = 0; i < lanes; ++i)
          square.push_back(e.load(rowBuffer, e.add(e.mul(e.add(p, i), tileRow()), first), lanes));
        return e.transpose(square);
      };
      Value inputSums;
      if (usesInputSums()) // in every column of its vector
        inputSums = turn(e.index(plan.panels * plan.panel))[0];
      Values square = turn(c);
      for (int64_t i = 0; i < lanes; ++i)
        e.store(square[i], turned, e.index(i * lanes));
      Value left = e.sub(pixels, p), firstColumn = e.add(column, p);
      e.loop(zero, count, e.index(1), [&](Value i) {
        Value sum = e.load(turned, e.mul(i, lanes), lanes);
        PixelPosition at;
        at.n = n;
        at.channel = e.add(channels.first, e.add(c, i));
        at.pixel = {depth, row, firstColumn};
        at.offset = e.add(e.mul(e.add(e.mul(n, ops.oc), at.channel), planeSize),
                          e.add(inPlane, firstColumn));
        at.mask = e.firstLanes(left, lanes);
        at.lanes = lanes;
        if (math.isBytes()) {
          Value column = e.add(c, i), panel = e.div(column, e.index(plan.panel));
          sum = withoutZeroPoints(sum, inputSums, at.channel,
                                  e.add(tile.filter, e.mul(panel, tile.panelStep)),
                                  e.rem(column, e.index(plan.panel)));
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

} // namespace heddle::codegen
