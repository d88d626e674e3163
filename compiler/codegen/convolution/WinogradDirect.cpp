// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A block of results one pixel after the other, as Convolution.h would compute them.

#include "compiler/codegen/convolution/FilterLayout.h"
#include "compiler/codegen/convolution/WinogradEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {

void WinogradEmitter::direct(const Place &place) {
  constexpr int64_t window = 3, taps = window * window;
  PixelBlock block = pixelsOf(place);
  auto &[depth, height, width] = ops.inputSize;
  auto &[outputDepth, outputHeight, outputWidth] = ops.outputSize;
  Value zero = e.index(0), one = e.index(1), steps = e.index(spec.channels);
  auto &[none, padRows, padColumns] = spec.convolution.padding;
  Value plain = ops.plainFilter ? ops.plainFilter : ops.filter;
  int64_t plainStart = ops.plainFilter ? 0 : plan.plainFilters;
  auto within = [&](Value at, Value size) -> Value {
    // Negative coordinates are large unsigned ones.
    return arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::ult, at, size);
  };
  auto pixel = [&](Value row, Value column, Value panel) {
    Value filters = e.add(e.mul(e.add(place.panel, panel), spec.channels * taps * plan.panel),
                          e.index(plainStart));
    Values sums(perPanel, math.zero(e));
    sums = e.loop(zero, steps, e.index(kChannelBlock), sums, [&](Value first, ValueRange s0) {
      Value deep = e.min(e.index(kChannelBlock), e.sub(steps, first));
      Value blockAt = e.add(filters, e.mul(first, taps * plan.panel));
      return e.loop(zero, e.index(taps), one, s0, [&](Value tap, ValueRange s1) {
        Value inRow = e.sub(e.add(row, e.div(tap, e.index(window))), e.index(padRows));
        Value inColumn = e.sub(e.add(column, e.rem(tap, e.index(window))), e.index(padColumns));
        Value inside =
            arith::AndIOp::create(e.builder, e.loc, within(inRow, height), within(inColumn, width));
        Value tapAt = e.add(blockAt, e.mul(e.mul(tap, deep), plan.panel));
        return e.loop(zero, deep, one, s1, [&](Value channel, ValueRange s2) {
          Value plane = e.add(firstPlane(place), e.add(first, channel));
          Value at = e.add(e.mul(e.add(e.mul(plane, height), inRow), width), inColumn);
          Value input = e.choose(
              inside, spec.convolution.element,
              [&] {
                return Values{e.convertFloat(e.load(ops.input, at), spec.convolution.element)};
              },
              [&] { return Values{e.zero(spec.convolution.element)}; })[0];
          Value x = e.broadcast(input, lanes), weights = e.add(tapAt, e.mul(channel, plan.panel));
          Values next;
          for (int64_t v = 0; v < perPanel; ++v)
            next.push_back(math.multiplyAdd(
                e, x, math.loadColumns(e, plain, e.add(weights, v * lanes)), s2[v]));
          return next;
        });
      });
    });
    Value pixelAt =
        e.add(e.mul(e.sub(row, block.row), rowPitch(place)), e.sub(column, block.column));
    Value to = e.add(e.mul(pixelAt, plan.tileRow()), e.mul(panel, plan.panel));
    for (int64_t v = 0; v < perPanel; ++v)
      e.store(sums[v], rows, e.add(to, v * lanes));
  };
  e.loop(block.row, e.min(e.add(block.row, block.rows), outputHeight), one, [&](Value row) {
    e.loop(block.column, e.min(e.add(block.column, block.columns), outputWidth), one,
           [&](Value column) {
             e.loop(zero, place.panels, one, [&](Value panel) { pixel(row, column, panel); });
           });
  });
}

} // namespace heddle::codegen
