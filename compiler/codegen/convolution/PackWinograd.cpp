// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/FilterLayout.h"
#include "compiler/codegen/convolution/Winograd.h"
#include "compiler/codegen/convolution/WinogradMath.h"

using namespace mlir;

namespace heddle::codegen {

void emitPackWinograd(Emitter &e, const WinogradSpec &spec, Value source, Value packed, Value begin,
                      Value end) {
  constexpr int64_t taps = 9, positions = WinogradPlan::kPositions;
  WinogradPlan plan = planWinograd(spec, e.target);
  Type element = spec.convolution.element;
  WinogradMath math{e};
  Value zero = e.index(0), one = e.index(1);
  Value outputs = e.index(spec.outputs), channels = e.index(spec.channels);
  e.loop(begin, end, one, [&](Value panel) {
    e.loop(zero, channels, one, [&](Value channel) {
      Value to = e.mul(e.add(e.mul(panel, positions * spec.channels), channel), plan.panel);
      e.loop(zero, e.index(plan.panel), one, [&](Value lane) {
        Value output = e.add(e.mul(panel, plan.panel), lane), exists = e.less(output, outputs);
        Value from = e.mul(e.add(e.mul(output, spec.channels), channel), taps);
        Values weights = math.weights(source, from, taps, exists);
        Values columns[3];
        for (int64_t column = 0; column < 3; ++column)
          columns[column] =
              math.filter({weights[column], weights[3 + column], weights[6 + column]});
        for (int64_t row = 0; row < 4; ++row)
          for (auto [column, weight] :
               llvm::enumerate(math.filter({columns[0][row], columns[1][row], columns[2][row]}))) {
            int64_t position = row * 4 + static_cast<int64_t>(column);
            Value at = e.add(to, e.add(lane, position * spec.channels * plan.panel));
            e.store(e.convertFloat(weight, element), packed, at);
          }
      });
    });
  });
  emitPackFilter(e, spec.convolution, source, packed, one, outputs, channels, begin, end,
                 e.index(plan.plainFilters));
}

// Output channels are in the lanes. Sums of three weights of f16 or bf16 are exact in f32, unless
// one is far below another.
void emitTransformWinograd(Emitter &e, const WinogradSpec &spec, Value packed, Value transformed,
                           Value begin, Value end) {
  constexpr int64_t taps = 9, positions = WinogradPlan::kPositions;
  WinogradPlan plan = planWinograd(spec, e.target);
  TileMath tile(e.target, spec.convolution.element);
  WinogradMath math{e};
  Value channels = e.index(spec.channels), blocks = e.ceilDiv(channels, kChannelBlock);
  Value zero = e.index(0), one = e.index(1);
  e.loop(begin, end, one, [&](Value point) {
    Value panel = e.div(point, blocks), first = e.mul(e.rem(point, blocks), kChannelBlock);
    Value depth = e.min(e.index(kChannelBlock), e.sub(channels, first));
    Value blockAt = e.mul(e.add(e.mul(panel, channels), first), taps * plan.panel);
    Value panelAt = e.mul(panel, positions * spec.channels * plan.panel);
    e.loop(zero, depth, one, [&](Value channel) {
      e.loop(zero, e.index(plan.panel), e.index(tile.columns()), [&](Value lane) {
        Values weights;
        for (int64_t tap = 0; tap < taps; ++tap)
          weights.push_back(tile.loadColumns(
              e, packed,
              e.add(blockAt, e.add(e.mul(e.add(e.mul(depth, tap), channel), plan.panel), lane))));
        Values columns[3];
        for (int64_t column = 0; column < 3; ++column)
          columns[column] =
              math.filter({weights[column], weights[3 + column], weights[6 + column]});
        Value to = e.add(panelAt, e.add(e.mul(e.add(first, channel), plan.panel), lane));
        for (int64_t row = 0; row < 4; ++row)
          for (auto [column, weight] :
               llvm::enumerate(math.filter({columns[0][row], columns[1][row], columns[2][row]}))) {
            int64_t position = row * 4 + static_cast<int64_t>(column);
            e.store(weight, transformed, e.add(to, position * spec.channels * plan.panel));
          }
      });
    });
  });
}

} // namespace heddle::codegen
