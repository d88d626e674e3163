// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/FilterLayout.h"
#include "compiler/codegen/matmul/ByteOperands.h"

#include <numeric>

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {

int64_t panelHeader(const TileMath &math, int64_t panel) { return math.isBytes() ? 4 * panel : 0; }

int64_t stepsAtOnce(Value steps) {
  constexpr int64_t most = 4; // twice as many are no faster
  return std::gcd(getConstantIntValue(steps).value_or(1), most);
}

Value panelSize(Emitter &e, const TileMath &math, Value steps, int64_t taps, int64_t panel) {
  return e.add(e.mul(steps, taps * panel * math.depth()), panelHeader(math, panel));
}

void emitPackFilter(Emitter &e, const ConvolutionSpec &spec, Value source, Value packed,
                    Value groups, Value oc, Value channels, Value begin, Value end,
                    Value firstPanel) {
  TileMath math(e.target, spec.accumulator(), spec.pairs);
  Type stored = cast<MemRefType>(packed.getType()).getElementType();
  int64_t panel = spec.panel(), deep = math.depth();
  int64_t taps = spec.window[0] * spec.window[1] * spec.window[2],
          header = panelHeader(math, panel);
  Value outputs = e.div(oc, groups), panels = e.ceilDiv(outputs, panel);
  Value zero = e.index(0), one = e.index(1), padding = e.zero(spec.element);
  Value steps = e.ceilDiv(channels, deep);
  Type i32 = e.builder.getI32Type();
  e.loop(begin, end, one, [&](Value point) {
    Value group = e.div(point, panels), first = e.mul(e.rem(point, panels), panel);
    Value from = e.add(e.mul(group, outputs), first);
    Value panelAt = e.mul(point, panelSize(e, math, steps, taps, panel));
    if (firstPanel)
      panelAt = e.add(panelAt, firstPanel);
    if (math.isBytes()) {
      Value sums = e.view(packed, int64_t(0), i32);
      e.loop(zero, e.index(panel), one, [&](Value lane) {
        e.store(e.zero(i32), sums, e.add(e.div(panelAt, e.index(4)), lane));
      });
    }
    e.loop(zero, e.mul(steps, deep), one, [&](Value channel) {
      Value step = e.div(channel, e.index(deep)), part = e.rem(channel, e.index(deep));
      Value blockStart = e.mul(e.div(step, e.index(kChannelBlock)), kChannelBlock);
      Value depth = e.min(e.index(kChannelBlock), e.sub(steps, blockStart));
      Value blockAt = e.add(e.add(panelAt, header), e.mul(blockStart, taps * panel * deep));
      e.loop(zero, e.index(taps), one, [&](Value tap) {
        Value at = e.add(e.mul(tap, depth), e.sub(step, blockStart));
        Value to = e.add(blockAt, e.mul(at, panel * deep));
        e.loop(zero, e.index(panel), one, [&](Value lane) {
          Value exists = arith::AndIOp::create(e.builder, e.loc, e.less(channel, channels),
                                               e.less(e.add(first, lane), outputs));
          Value value = e.choose(
              exists, spec.element,
              [&] {
                Value filter = e.add(e.mul(e.add(from, lane), channels), channel);
                if (spec.transposed)
                  filter = e.add(e.mul(e.add(e.mul(group, channels), channel), outputs),
                                 e.add(first, lane));
                Value loaded = e.load(source, e.add(e.mul(filter, taps), tap));
                bool flip = math.isBytes() && !spec.filterSigned;
                return Values{flip ? flipTopBit(e, loaded) : loaded};
              },
              [&] { return Values{padding}; })[0];
          Value element = math.isBytes() ? value : e.convertFloat(value, stored);
          e.store(element, packed, e.add(to, e.add(e.mul(lane, deep), part)));
          if (math.isBytes()) {
            Value sums = e.view(packed, int64_t(0), i32);
            Value place = e.add(e.div(panelAt, e.index(4)), lane);
            Value wide = arith::ExtSIOp::create(e.builder, e.loc, i32, value);
            e.store(e.add(e.load(sums, place), wide), sums, place);
          }
        });
      });
    });
  });
}

} // namespace heddle::codegen
