// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
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

} // namespace heddle::codegen
