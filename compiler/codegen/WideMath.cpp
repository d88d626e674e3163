// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/WideMath.h"

#include <cmath>
#include <limits>

#include "compiler/codegen/WideFloat.h"

#include "llvm/ADT/ArrayRef.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// Adding it rounds to an integer, which is then in the low bits.
constexpr double kRounder = 0x1.8p52;

/// coefficients[0] + x * (coefficients[1] + ...)
Wide polynomial(Wide x, llvm::ArrayRef<double> coefficients) {
  Wide sum = x.b->number(coefficients.back());
  for (double c : llvm::reverse(coefficients.drop_back()))
    sum = sum * x + c;
  return sum;
}

// exp(x) - 1 = 2^n exp(r) - 1 with x = n ln 2 + r; the second part keeps small results exact.
Wide expm1Wide(Wide x) {
  x = clamp(x, -120.0, 120.0); // the results are beyond f32 on either side
  Wide rounded = x * 0x1.71547652b82fep+0 + kRounder;
  Wide n = rounded - kRounder;
  Wide r = x - n * 0x1.62e42fefa3800p-1 - n * 0x1.ef35793c76730p-45;
  // (exp(r) - 1) / r, |r| <= ln(2) / 2.
  Wide series = polynomial(r, {1.0, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040,
                               1.0 / 40320, 1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800});
  WideBuilder &b = *x.b;
  Wide power = b.ofBits((b.bitsOf(rounded) << 52) + b.bits(0x3ff0000000000000));
  return power * (series * r) + (power - 1.0);
}

// For small results of exp the form above would lose all digits to the one.
Wide expScaled(Wide x) {
  WideBuilder &b = *x.b;
  x = clamp(x, -150.0, 120.0);
  Wide rounded = x * 0x1.71547652b82fep+0 + kRounder;
  Wide n = rounded - kRounder;
  Wide r = x - n * 0x1.62e42fefa3800p-1 - n * 0x1.ef35793c76730p-45;
  Wide series =
      polynomial(r, {1.0, 1.0, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040,
                     1.0 / 40320, 1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800});
  Wide power = b.ofBits((b.bitsOf(rounded) << 52) + b.bits(0x3ff0000000000000));
  return power * series;
}

// log(x + low) for x whose last bits `low` holds: x = 2^k m, m in [sqrt 1/2, sqrt 2).
Wide logWide(Wide x, Wide low) {
  WideBuilder &b = *x.b;
  const int64_t half = 0x3fe6a09e667f3bcd; // sqrt(1/2)
  Bits shifted = b.bitsOf(x) + b.bits(0x3ff0000000000000 - half);
  Bits biased = shifted >> 52;
  Wide k = b.ofBits(biased | b.bits(0x4330000000000000)) - (0x1p52 + 1023.0);
  Wide m = b.ofBits(b.bitsOf(x) - ((biased - b.bits(1023)) << 52));
  Wide s = (m - 1.0) / (m + 1.0), z = s * s;
  Wide series = polynomial(z, {2.0, 2.0 / 3, 2.0 / 5, 2.0 / 7, 2.0 / 9, 2.0 / 11, 2.0 / 13,
                               2.0 / 15, 2.0 / 17, 2.0 / 19});
  Wide result = k * 0x1.62e42fefa39efp-1 + (series * s + low / x);
  result = select(equal(x, 0.0), b.number(-kInfinity), result);
  result = select(x < 0.0, b.number(kNaN), result);
  result = select(equal(x, kInfinity), x, result);
  return select(b.compare(arith::CmpFPredicate::UNO, x, x), x, result);
}

Wide logWide(Wide x) { return logWide(x, x.b->number(0.0)); }

Wide log1pWide(Wide x) {
  Wide sum = x + 1.0;
  Wide low = x - (sum - 1.0);
  // Infinity has no last bits.
  return logWide(sum, select(abs(x) < 1e300, low, x.b->number(0.0)));
}

// Thrice reduced: to [0, 1], to |t| <= tan(pi / 8), and by a series.
Wide atanWide(Wide x) {
  WideBuilder &b = *x.b;
  Wide size = abs(x);
  Test large = size > 1.0;
  Wide t = select(large, -1.0 / size, size);
  Test upper = abs(t) > 0.4142135623730950488;
  Wide one = copysign(b.number(1.0), t);
  Wide u = select(upper, (t - one) / (one * t + 1.0), t), z = u * u;
  double c[16];
  for (int i = 0; i < 16; ++i)
    c[i] = (i % 2 ? -1.0 : 1.0) / (2 * i + 1);
  Wide result = polynomial(z, c) * u;
  result = select(upper, result + one * M_PI_4, result);
  result = select(large, result + M_PI_2, result);
  return copysign(result, x);
}

struct Angle {
  Wide rest; // in [-pi/4, pi/4]
  Bits quarter;
};

Angle reduceAngle(Wide x) {
  WideBuilder &b = *x.b;
  Wide rounded = x * 0x1.45f306dc9c883p-1 + kRounder;
  Wide n = rounded - kRounder;
  // pi / 2 in parts of 33 bits: products with n are exact.
  Wide r = x - n * 0x1.921fb54400000p+0 - n * 0x1.0b4611a600000p-34 - n * 0x1.3198a2e037073p-69;
  return {r, b.bitsOf(rounded)};
}

Wide sine(Wide r) {
  Wide z = r * r;
  return r * polynomial(z, {1.0, -1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880, -1.0 / 39916800,
                            1.0 / 6227020800.0});
}
Wide cosine(Wide r) {
  Wide z = r * r;
  return polynomial(z, {1.0, -1.0 / 2, 1.0 / 24, -1.0 / 720, 1.0 / 40320, -1.0 / 3628800,
                        1.0 / 479001600.0, -1.0 / 87178291200.0});
}

// sin(x + quarters * pi / 2)
Wide sinWide(Wide x, int64_t quarters) {
  WideBuilder &b = *x.b;
  Angle angle = reduceAngle(x);
  Bits quarter = angle.quarter + b.bits(quarters);
  Test odd = equal(quarter & b.bits(1), b.bits(1));
  Wide result = select(odd, cosine(angle.rest), sine(angle.rest));
  // The second bit is the sign.
  return b.ofBits(b.bitsOf(result) ^ ((quarter & b.bits(2)) << 62));
}

Wide tanWide(Wide x) {
  WideBuilder &b = *x.b;
  Angle angle = reduceAngle(x);
  Wide s = sine(angle.rest), c = cosine(angle.rest);
  return select(equal(angle.quarter & b.bits(1), b.bits(1)), -(c / s), s / c);
}

Wide sinhWide(Wide x) {
  Wide e = expm1Wide(abs(x));
  return copysign((e + e / (e + 1.0)) * 0.5, x);
}
Wide coshWide(Wide x) {
  Wide e = expScaled(abs(x));
  return (e + 1.0 / e) * 0.5;
}
Wide asinhWide(Wide x) {
  Wide size = abs(x), root = sqrt(size * size + 1.0);
  // The quotient is infinity over infinity where the argument is.
  Wide part = select(size > 1e30, size, size * size / (root + 1.0));
  return copysign(log1pWide(size + part), x);
}
Wide acoshWide(Wide x) {
  Wide t = x - 1.0;
  return select(t < 0.0, x.b->number(kNaN), log1pWide(t + sqrt(t * (x + 1.0))));
}
Wide atanhWide(Wide x) { return log1pWide(x * 2.0 / (-x + 1.0)) * 0.5; }
Wide asinWide(Wide x) { return atanWide(x / sqrt((-x + 1.0) * (x + 1.0))); }
Wide acosWide(Wide x) { return atanWide(sqrt((-x + 1.0) / (x + 1.0))) * 2.0; }
Wide cbrtWide(Wide x) {
  Wide size = abs(x);
  Wide root = expScaled(logWide(size) * (1.0 / 3));
  root = select(equal(size, kInfinity), size, select(equal(size, 0.0), size, root));
  return copysign(root, x);
}

Wide powWide(Wide x, Wide y) {
  WideBuilder &b = *x.b;
  Wide size = abs(x);
  Wide result = expScaled(y * logWide(size)); // clamped where f32 has infinity or zero
  Test vanishes = equal(size, 0.0), unbounded = equal(size, kInfinity);
  Test negative = y < 0.0;
  Wide zero = b.number(0.0), infinity = b.number(kInfinity);
  result = select(vanishes, select(negative, infinity, zero), result);
  result = select(unbounded, select(negative, zero, infinity), result);
  // Integers: y is its own rounding; odd ones have halves that are not. All beyond 2^53 are even.
  auto isInteger = [&](Wide v) {
    Wide whole = abs(v), rounded = (whole + 0x1p52) - 0x1p52;
    return equal(rounded, whole) | (whole > 0x1p52);
  };
  Test integer = isInteger(y), even = isInteger(y * 0.5);
  Wide sign = select(even, b.number(1.0), copysign(b.number(1.0), x));
  Wide bad = select(equal(x, 0.0), result, b.number(kNaN));
  Wide minus = select(integer, result * sign, select(equal(size, kInfinity), result, bad));
  Test signedBase = equal(copysign(b.number(1.0), x), -1.0);
  result = select(signedBase, minus, result);
  result = select(b.compare(arith::CmpFPredicate::UNO, x, x), x, result);
  result = select(b.compare(arith::CmpFPredicate::UNO, y, y), y, result);
  result = select(
      equal(size, 1.0),
      select(signedBase, select(equal(abs(y), kInfinity), b.number(1.0), result), b.number(1.0)),
      result);
  return select(equal(y, 0.0), b.number(1.0), result);
}

Wide atan2Wide(Wide y, Wide x) {
  WideBuilder &b = *x.b;
  Wide ax = abs(x), ay = abs(y);
  Wide quotient = ay / ax;
  quotient = select(equal(ay, ax), b.number(1.0), quotient);  // both infinite
  quotient = select(equal(ay, 0.0), b.number(0.0), quotient); // both zero
  Wide angle = atanWide(quotient);
  Test left = equal(copysign(b.number(1.0), x), -1.0);
  Wide result = copysign(select(left, -angle + M_PI, angle), y);
  Wide sum = x + y;
  Test unordered = b.compare(arith::CmpFPredicate::UNO, x, y);
  return select(unordered, sum, result);
}

bool isF32(Value value) { return getElementTypeOrSelf(value.getType()).isF32(); }

template <typename Op> struct WideUnary : OpRewritePattern<Op> {
  WideUnary(MLIRContext *context, Wide (*function)(Wide))
      : OpRewritePattern<Op>(context), function(function) {}
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!isF32(op.getOperand()))
      return failure();
    WideBuilder builder(rewriter, op.getLoc(), op.getType());
    Wide result = function(builder.extend(op.getOperand()));
    rewriter.replaceOp(op, builder.truncate(result));
    return success();
  }
  Wide (*function)(Wide);
};

template <typename Op> struct WideBinary : OpRewritePattern<Op> {
  WideBinary(MLIRContext *context, Wide (*function)(Wide, Wide))
      : OpRewritePattern<Op>(context), function(function) {}
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!isF32(op.getLhs()))
      return failure();
    WideBuilder builder(rewriter, op.getLoc(), op.getType());
    Wide result = function(builder.extend(op.getLhs()), builder.extend(op.getRhs()));
    rewriter.replaceOp(op, builder.truncate(result));
    return success();
  }
  Wide (*function)(Wide, Wide);
};

} // namespace

void populateWideMathPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  auto unary = [&]<typename Op>(Wide (*function)(Wide)) {
    patterns.add<WideUnary<Op>>(context, function);
  };
  unary.operator()<math::Exp2Op>([](Wide x) { return expScaled(x * M_LN2); });
  unary.operator()<math::ExpM1Op>(expm1Wide);
  unary.operator()<math::Log10Op>([](Wide x) { return logWide(x) * (1 / M_LN10); });
  unary.operator()<math::Log2Op>([](Wide x) { return logWide(x) * (1 / M_LN2); });
  unary.operator()<math::Log1pOp>(log1pWide);
  unary.operator()<math::SinOp>([](Wide x) { return sinWide(x, 0); });
  unary.operator()<math::CosOp>([](Wide x) { return sinWide(x, 1); });
  unary.operator()<math::TanOp>(tanWide);
  unary.operator()<math::SinhOp>(sinhWide);
  unary.operator()<math::CoshOp>(coshWide);
  unary.operator()<math::AtanOp>(atanWide);
  unary.operator()<math::AsinOp>(asinWide);
  unary.operator()<math::AcosOp>(acosWide);
  unary.operator()<math::AsinhOp>(asinhWide);
  unary.operator()<math::AcoshOp>(acoshWide);
  unary.operator()<math::AtanhOp>(atanhWide);
  unary.operator()<math::CbrtOp>(cbrtWide);
  patterns.add<WideBinary<math::PowFOp>>(context, powWide);
  patterns.add<WideBinary<math::Atan2Op>>(context, atan2Wide);
}

} // namespace heddle::codegen
