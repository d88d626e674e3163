// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/FilterLayout.h"
#include "compiler/codegen/convolution/Winograd.h"
#include "compiler/codegen/convolution/WinogradMath.h"

using namespace mlir;

namespace heddle::codegen {

void emitPackWinograd(Emitter &e, const ConvolutionSpec &spec, Value source, Value packed,
                      Value outputs, Value channels, Value begin, Value end) {
  constexpr int64_t taps = 9, positions = WinogradPlan::kPositions;
  int64_t lanes = spec.panel();
  WinogradMath math{e};
  Value zero = e.index(0), one = e.index(1), step = e.mul(channels, lanes);
  e.loop(begin, end, one, [&](Value panel) {
    e.loop(zero, channels, one, [&](Value channel) {
      Value to = e.add(e.mul(e.mul(panel, positions), step), e.mul(channel, lanes));
      e.loop(zero, e.index(lanes), one, [&](Value lane) {
        Value output = e.add(e.mul(panel, lanes), lane), exists = e.less(output, outputs);
        Value from = e.mul(e.add(e.mul(output, channels), channel), taps);
        Values weights = math.weights(source, from, taps, exists);
        Values columns[3];
        for (int64_t column = 0; column < 3; ++column)
          columns[column] =
              math.filter({weights[column], weights[3 + column], weights[6 + column]});
        for (int64_t row = 0; row < 4; ++row)
          for (auto [column, weight] :
               llvm::enumerate(math.filter({columns[0][row], columns[1][row], columns[2][row]}))) {
            int64_t position = row * 4 + static_cast<int64_t>(column);
            Value at = e.add(e.add(to, lane), e.mul(step, position));
            e.store(e.convertFloat(weight, spec.element), packed, at);
          }
      });
    });
  });
  Value plain = e.mul(e.mul(e.ceilDiv(outputs, lanes), step), positions);
  emitPackFilter(e, spec, source, packed, one, outputs, channels, begin, end, plain);
}

// Output channels are in the lanes. Sums of three weights of f16 or bf16 are exact in f32, unless
// one is far below another.
void emitTransformWinograd(Emitter &e, const ConvolutionSpec &spec, Value packed, Value transformed,
                           Value channels, Value begin, Value end) {
  constexpr int64_t taps = 9, positions = WinogradPlan::kPositions;
  int64_t lanes = spec.panel();
  TileMath tile(e.target, spec.element);
  WinogradMath math{e};
  Value zero = e.index(0), one = e.index(1), step = e.mul(channels, lanes);
  Value blocks = e.ceilDiv(channels, kChannelBlock);
  e.loop(begin, end, one, [&](Value point) {
    Value panel = e.div(point, blocks), first = e.mul(e.rem(point, blocks), kChannelBlock);
    Value depth = e.min(e.index(kChannelBlock), e.sub(channels, first));
    Value blockAt = e.mul(e.add(e.mul(panel, channels), first), taps * lanes);
    Value panelAt = e.mul(e.mul(panel, positions), step);
    e.loop(zero, depth, one, [&](Value channel) {
      e.loop(zero, e.index(lanes), e.index(tile.columns()), [&](Value lane) {
        Values weights;
        for (int64_t tap = 0; tap < taps; ++tap) {
          Value row = e.add(e.mul(depth, tap), channel);
          weights.push_back(
              tile.loadColumns(e, packed, e.add(blockAt, e.add(e.mul(row, lanes), lane))));
        }
        Values columns[3];
        for (int64_t column = 0; column < 3; ++column)
          columns[column] =
              math.filter({weights[column], weights[3 + column], weights[6 + column]});
        Value to = e.add(panelAt, e.add(e.mul(e.add(first, channel), lanes), lane));
        for (int64_t row = 0; row < 4; ++row)
          for (auto [column, weight] :
               llvm::enumerate(math.filter({columns[0][row], columns[1][row], columns[2][row]}))) {
            int64_t position = row * 4 + static_cast<int64_t>(column);
            e.store(weight, transformed, e.add(to, e.mul(step, position)));
          }
      });
    });
  });
}

} // namespace heddle::codegen
