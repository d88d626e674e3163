// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/FloatMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

/// Formulas on values of one shape.
class FloatBuilder {
public:
  FloatBuilder(OpBuilder &b, Location loc, Type type) : b(b), loc(loc), type(type) {}

  Value number(double value) { return constant(b.getF32FloatAttr(static_cast<float>(value))); }
  Value integer(int32_t value) { return constant(b.getI32IntegerAttr(value)); }
  template <typename Op> Value op(Value x, Value y) { return Op::create(b, loc, x, y); }
  Value multiplyAdd(Value x, Value y, Value z) { return math::FmaOp::create(b, loc, x, y, z); }
  Value floor(Value x) { return math::FloorOp::create(b, loc, x); }
  Value asIntegers(Value x) { return arith::BitcastOp::create(b, loc, like(b.getI32Type()), x); }
  Value asFloats(Value x) { return arith::BitcastOp::create(b, loc, type, x); }
  Value select(arith::CmpFPredicate predicate, Value x, Value y, Value yes, Value no) {
    Value condition = arith::CmpFOp::create(b, loc, predicate, x, y);
    return arith::SelectOp::create(b, loc, condition, yes, no);
  }
  // NaN stays; one instruction each.
  Value atMost(Value x, double limit) {
    Value most = number(limit);
    return select(arith::CmpFPredicate::OGT, x, most, most, x);
  }
  Value atLeast(Value x, double limit) {
    Value least = number(limit);
    return select(arith::CmpFPredicate::OLT, x, least, least, x);
  }
  /// coefficients[0] + x * (coefficients[1] + ...)
  Value polynomial(Value x, ArrayRef<double> coefficients) {
    Value sum = number(coefficients.back());
    for (double c : llvm::reverse(coefficients.drop_back()))
      sum = multiplyAdd(sum, x, number(c));
    return sum;
  }

private:
  Type like(Type element) {
    auto vector = dyn_cast<VectorType>(type);
    return vector ? Type(vector.clone(element)) : element;
  }
  Value constant(TypedAttr scalar) {
    Type shaped = like(scalar.getType());
    if (auto vector = dyn_cast<VectorType>(shaped))
      scalar = DenseElementsAttr::get(vector, Attribute(scalar));
    return arith::ConstantOp::create(b, loc, scalar);
  }

  OpBuilder &b;
  Location loc;
  Type type;
};

/// Adding this rounds a number to an integer n and leaves n + 127 in the low bits of the sum, 2^n
/// but for a shift. To round takes two instructions on some CPUs.
constexpr double kRounding = 0x1.8p23 + 127, kLog2E = 0x1.715476p+0;

struct Rounded {
  Value n, power; // 2^n
};

Rounded rounded(FloatBuilder &m, Value sum) {
  Value power = m.asFloats(m.op<arith::ShLIOp>(m.asIntegers(sum), m.integer(23)));
  return {m.op<arith::SubFOp>(sum, m.number(kRounding)), power};
}

/// x - n ln 2, with ln 2 in two parts: products with the first, of 12 bits, are exact.
Value withoutLn2(FloatBuilder &m, Value x, Value n) {
  Value r = m.multiplyAdd(n, m.number(-0x1.62e4p-1), x);
  return m.multiplyAdd(n, m.number(-0x1.7f7d1cp-20), r);
}

/// Where exp(x) is no longer a normal number, zero.
Value orZero(FloatBuilder &m, Value x, Value power) {
  return m.select(arith::CmpFPredicate::OLT, x, m.number(-87.33654), m.number(0), power);
}

// exp(x) = 2^n exp(r) with x = n ln 2 + r, 0 <= r < ln 2: with n rounded down, 2^n is a number
// wherever the result is.
Value exponential(FloatBuilder &m, Value x) {
  Value bounded = m.atMost(x, 88.73); // 2^128 and with it infinity
  Value below = m.multiplyAdd(bounded, m.number(kLog2E), m.number(-0.5));
  auto [n, power] = rounded(m, m.op<arith::AddFOp>(below, m.number(kRounding)));
  Value r = withoutLn2(m, bounded, n);
  // Of least greatest relative error, 2e-9.
  Value series = m.polynomial(r, {1.0, 0x1.fffffap-1, 0x1.0000c4p-1, 0x1.5537b2p-3, 0x1.575e1ep-5,
                                  0x1.feac96p-8, 0x1.fedbdcp-10});
  return orZero(m, x, m.op<arith::MulFOp>(series, power));
}

// As above with -ln 2 / 2 <= r <= ln 2 / 2, where the series is shorter: no power of two is too
// large.
Value exponentialOfNegative(FloatBuilder &m, Value x) {
  auto [n, power] = rounded(m, m.multiplyAdd(x, m.number(kLog2E), m.number(kRounding)));
  Value r = withoutLn2(m, x, n);
  // Of least greatest relative error, 9e-8.
  Value series = m.polynomial(
      r, {1.0, 0x1.fffff6p-1, 0x1.fffdc4p-2, 0x1.555a6ep-3, 0x1.573adp-5, 0x1.0fa7d8p-7});
  return orZero(m, x, m.op<arith::MulFOp>(series, power));
}

// x P(x^2) / Q(x^2) of least greatest relative error, 2e-8; beyond 3.92 the nearest float is 1.
Value errorFunction(FloatBuilder &m, Value x) {
  Value bounded = m.atLeast(m.atMost(x, 3.92), -3.92);
  Value square = m.op<arith::MulFOp>(bounded, bounded);
  Value numerator = m.polynomial(square, {0x1.20dd74p+0, 0x1.85ebd2p-3, 0x1.b019e6p-5,
                                          0x1.ed7b9ap-9, 0x1.2ab55p-12, 0x1.132d34p-19});
  Value denominator = m.polynomial(
      square, {1.0, 0x1.010e58p-1, 0x1.d35d7ap-4, 0x1.ea7804p-7, 0x1.30b64cp-10, 0x1.3f8b0ep-15});
  Value result = m.op<arith::DivFOp>(m.op<arith::MulFOp>(bounded, numerator), denominator);
  return m.atLeast(m.atMost(result, 1), -1);
}

template <typename Op> struct Expand : OpRewritePattern<Op> {
  using Function = Value (*)(FloatBuilder &, Value);
  Expand(MLIRContext *context, Function function)
      : OpRewritePattern<Op>(context), function(function) {}
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    FloatBuilder builder(rewriter, op.getLoc(), op.getType());
    rewriter.replaceOp(op, function(builder, op.getOperand()));
    return success();
  }
  Function function;
};

} // namespace

Value emitExponentialOfNegative(OpBuilder &builder, Location loc, Value x) {
  FloatBuilder m(builder, loc, x.getType());
  return exponentialOfNegative(m, x);
}

void populateFloatMathPatterns(RewritePatternSet &patterns) {
  patterns.add<Expand<math::ExpOp>>(patterns.getContext(), exponential);
  patterns.add<Expand<math::ErfOp>>(patterns.getContext(), errorFunction);
}

} // namespace heddle::codegen
