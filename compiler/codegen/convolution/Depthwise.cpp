// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/WindowEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {

void emitDepthwise(Emitter &e, const WindowSpec &spec, const WindowOperands &operands, Value filter,
                   Value begin, Value end, Value scratch, PixelSink sink) {
  int64_t lanes = e.lanesOf(spec.accumulator);
  int64_t taps = spec.taps();
  Value zero = e.zero(spec.accumulator);
  // Bytes are converted once for all pixels of a point; what the accumulators hold is read in
  // place.
  bool converts = spec.element != spec.accumulator;
  Value weights = converts
                      ? e.view(scratch, planWindow(spec, e.target).weightsOffset, spec.accumulator)
                      : filter;
  auto filterOf = [&](Value channel) {
    return operands.firstFilter ? e.add(operands.firstFilter, channel) : channel;
  };
  auto convert = [&](Value channel) {
    e.loop(e.index(0), e.index(taps), e.index(1), [&](Value tap) {
      Value weight = e.load(filter, e.add(e.mul(filterOf(channel), taps), tap));
      weight = windowElement(e, spec, weight, spec.filterSigned);
      if (operands.filterZeroPoint)
        weight = windowDifference(e, weight, operands.filterZeroPoint(e, channel));
      e.store(weight, weights, tap);
    });
  };
  auto combine = [&](Value sum, Value x, Value channel, Value tap) -> Value {
    Value at = converts ? tap : e.add(e.mul(filterOf(channel), taps), tap);
    Value weight = e.broadcast(e.load(weights, at), lanes);
    if (isa<FloatType>(spec.accumulator))
      return e.fma(x, weight, sum);
    return arith::AddIOp::create(e.builder, e.loc, sum,
                                 arith::MulIOp::create(e.builder, e.loc, x, weight));
  };
  WindowEmitter window(e, spec, operands, scratch, zero, zero,
                       converts ? WindowPrepare(convert) : WindowPrepare(), combine, sink);
  window.run(begin, end);
}

} // namespace heddle::codegen
