// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/TurnedResults.h"

using namespace mlir;

namespace heddle::codegen {

Values ChannelResults::turn(Emitter &e, Value pixel, Value first) const {
  Values square;
  for (int64_t i = 0; i < lanes; ++i)
    square.push_back(e.load(rows, e.add(e.mul(e.add(pixel, i), rowElements), first), lanes));
  return e.transpose(square);
}

// Whole runs at a time: planes are far apart, and the longer the runs, the fewer lines are written in
// parts.
void deliverTurned(Emitter &e, const ConvolutionOperands &ops, const ChannelResults &results,
                   const PixelRun &run,
                   llvm::function_ref<void(Value, const PixelPosition &, Value)> sink,
                   llvm::function_ref<void(Value)> before) {
  int64_t lanes = results.lanes;
  Value zero = e.index(0), step = e.index(lanes);
  auto &[od, oh, ow] = ops.outputSize;
  Value planeSize = e.mul(e.mul(od, oh), ow);
  Value inPlane = e.mul(e.add(e.mul(run.depth, oh), run.row), ow);
  e.loop(zero, run.channels, step, [&](Value c) {
    Value count = e.min(step, e.sub(run.channels, c));
    e.loop(zero, run.pixels, step, [&](Value p) {
      Value pixel = e.add(run.first, p);
      if (before)
        before(pixel);
      Values square = results.turn(e, pixel, c);
      for (int64_t i = 0; i < lanes; ++i)
        e.store(square[i], results.turned, e.index(i * lanes));
      Value left = e.sub(run.pixels, p), firstColumn = e.add(run.column, p);
      e.loop(zero, count, e.index(1), [&](Value i) {
        Value channel = e.add(c, i);
        PixelPosition at;
        at.n = run.n;
        at.channel = e.add(run.channel, channel);
        at.pixel = {run.depth, run.row, firstColumn};
        at.offset = e.add(e.mul(e.add(e.mul(run.n, ops.oc), at.channel), planeSize),
                          e.add(inPlane, firstColumn));
        at.mask = e.firstLanes(left, lanes);
        at.lanes = lanes;
        sink(e.load(results.turned, e.mul(i, lanes), lanes), at, channel);
      });
    });
  });
}

} // namespace heddle::codegen
