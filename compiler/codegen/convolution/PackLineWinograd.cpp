// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/LineWinograd.h"
#include "compiler/codegen/convolution/WinogradMath.h"

using namespace mlir;

namespace heddle::codegen {

void emitPackLineWinograd(Emitter &e, const ConvolutionSpec &spec, Value source, Value packed,
                          Value outputs, Value channels, Value begin, Value end) {
  constexpr int64_t taps = 3, positions = LineWinogradPlan::kPositions;
  int64_t tile = LineWinogradPlan::tileChannels(e.target), panel = spec.panel();
  WinogradMath math{e};
  Value zero = e.index(0), one = e.index(1), tileChannels = e.index(tile);
  e.loop(e.mul(begin, panel), e.mul(end, panel), one, [&](Value output) {
    Value number = e.div(output, tileChannels), inTile = e.rem(output, tileChannels);
    Value exists = e.less(output, outputs);
    e.loop(zero, channels, one, [&](Value channel) {
      Value from = e.mul(e.add(e.mul(output, channels), channel), taps);
      Values weights = math.weights(source, from, taps, exists);
      for (auto [position, weight] : llvm::enumerate(math.filter(weights))) {
        Value block = e.add(e.mul(number, positions), static_cast<int64_t>(position));
        Value row = e.add(e.mul(block, channels), channel);
        e.store(e.convertFloat(weight, spec.element), packed, e.add(e.mul(row, tile), inTile));
      }
    });
  });
  Value plain = e.mul(e.mul(e.mul(e.ceilDiv(outputs, panel), panel), channels), positions);
  emitPackFilter(e, spec, source, packed, one, outputs, channels, begin, end, plain);
}

} // namespace heddle::codegen
