// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/LineWinograd.h"
#include "compiler/codegen/convolution/WinogradMath.h"

using namespace mlir;

namespace heddle::codegen {

void emitPackLineWinograd(Emitter &e, const LineWinogradSpec &spec, Value source, Value packed,
                          Value begin, Value end) {
  constexpr int64_t taps = 3, positions = LineWinogradPlan::kPositions;
  LineWinogradPlan plan = planLineWinograd(spec, e.target);
  Type element = spec.convolution.element;
  WinogradMath math{e};
  int64_t panel = spec.convolution.panel();
  Value zero = e.index(0), one = e.index(1);
  Value outputs = e.index(spec.outputs), channels = e.index(spec.channels);
  Value tileChannels = e.index(plan.channels);
  e.loop(e.mul(begin, panel), e.mul(end, panel), one, [&](Value output) {
    Value tile = e.div(output, tileChannels), inTile = e.rem(output, tileChannels);
    Value exists = e.less(output, outputs);
    e.loop(zero, channels, one, [&](Value channel) {
      Value from = e.mul(e.add(e.mul(output, spec.channels), channel), taps);
      Values weights = math.weights(source, from, taps, exists);
      for (auto [position, weight] : llvm::enumerate(math.filter(weights))) {
        Value number = e.add(e.mul(tile, positions), static_cast<int64_t>(position));
        Value row = e.add(e.mul(number, spec.channels), channel);
        e.store(e.convertFloat(weight, element), packed, e.add(e.mul(row, plan.channels), inTile));
      }
    });
  });
  emitPackFilter(e, spec.convolution, source, packed, one, outputs, channels, begin, end,
                 e.index(plan.plainFilters));
}

} // namespace heddle::codegen
