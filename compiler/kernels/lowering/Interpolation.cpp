// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/lowering/Interpolation.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace heddle {

std::optional<InterpolationMode> interpolationMode(StringRef name) {
  return llvm::StringSwitch<std::optional<InterpolationMode>>(name)
      .Case("nearest", InterpolationMode::Nearest)
      .Cases({"linear", "bilinear"}, InterpolationMode::Linear)
      .Cases({"cubic", "bicubic"}, InterpolationMode::Cubic)
      .Default(std::nullopt);
}

unsigned tapCount(InterpolationMode mode) {
  return mode == InterpolationMode::Nearest ? 1 : mode == InterpolationMode::Linear ? 2 : 4;
}

Value indexOfFloat(KernelBuilder &b, Value number) {
  Value integer = arith::FPToSIOp::create(b, b.getI32Type(), number);
  return arith::IndexCastOp::create(b, b.getIndexType(), integer);
}

namespace {

/// c0 + x * (c1 + x * (c2 + x * c3))
Value cubic(ScalarMath &m, Value x, double c0, double c1, double c2, double c3) {
  Type type = x.getType();
  Value sum = m.constant(type, c3);
  for (double c : {c2, c1, c0})
    sum = m.add(m.mul(sum, x), m.constant(type, c));
  return sum;
}

/// The convolution kernel of cubic interpolation at distances within 1, and from 1 to 2.
Value cubicNear(ScalarMath &m, Value distance, double a) {
  return cubic(m, distance, 1, 0, -(a + 3), a + 2);
}
Value cubicFar(ScalarMath &m, Value distance, double a) {
  return cubic(m, distance, -4 * a, 8 * a, -5 * a, a);
}

} // namespace

Taps tapsAround(KernelBuilder &b, InterpolationMode mode, Value coordinate, double a) {
  ScalarMath m(b);
  IndexMath ix(b);
  Value floor = math::FloorOp::create(b, coordinate);
  Value fraction = m.sub(coordinate, floor), one = m.one(coordinate.getType());
  Value rest = m.sub(one, fraction), first = indexOfFloat(b, floor);
  auto at = [&](int64_t offset) { return ix.add(first, ix.value(offset)); };
  if (mode == InterpolationMode::Linear)
    return {{first, rest, {}}, {at(1), fraction, {}}};
  return {{at(-1), cubicFar(m, m.add(one, fraction), a), {}},
          {first, cubicNear(m, fraction, a), {}},
          {at(1), cubicNear(m, rest, a), {}},
          {at(2), cubicFar(m, m.add(one, rest), a), {}}};
}

namespace {

struct Interpolation {
  KernelBuilder &b;
  Value tensor;
  ArrayRef<Taps> axes;
  Type compute;
  ScalarMath m;
  SmallVector<Value> place;

  /// The sum over the taps of the axes from `axis` on; `inside` gathers those before.
  Value sum(unsigned axis, Value inside) {
    if (axis == axes.size())
      return element(inside);
    Value total;
    for (const Tap &tap : axes[axis]) {
      place.push_back(tap.index);
      Value term = sum(axis + 1, IndexMath(b).both(inside, tap.inside));
      place.pop_back();
      if (tap.weight)
        term = m.mul(term, ScalarMath(b).cast(tap.weight, compute, Signedness::Signed));
      total = total ? m.add(total, term) : term;
    }
    return total;
  }

  Value element(Value inside) {
    Value zero = m.zero(elementTypeOf(tensor));
    Value value = inside ? b.elementOr(tensor, place, inside, zero) : b.element(tensor, place);
    return m.cast(value, compute, Signedness::Signed);
  }
};

} // namespace

Value interpolate(KernelBuilder &b, Value tensor, ArrayRef<Taps> axes, Type compute,
                  Signedness signedness) {
  return Interpolation{b, tensor, axes, compute, ScalarMath(b, signedness), {}}.sum(0, {});
}

} // namespace heddle
