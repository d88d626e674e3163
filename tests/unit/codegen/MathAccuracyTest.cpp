// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementary functions of f32 vectors against the C library in double precision, over all exponents
// and at special values. Bounds are in units in the last place.

#include <bit>
#include <chrono>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "compiler/codegen/FloatMath.h"
#include "tests/unit/codegen/KernelHarness.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace heddle::codegen;

namespace {

struct Function {
  const char *name;
  double (*exact)(double);
  double ulps;
  Value (*emit)(OpBuilder &, Location, Value);
  double limit = 1e39;   // of the argument
  bool denormals = true; // false: as arguments and results they may count as the nearest normal
};

template <typename Op> Value unary(OpBuilder &builder, Location loc, Value x) {
  return Op::create(builder, loc, x);
}

Value emitZero(OpBuilder &builder, Location loc, Value like) {
  Attribute zero = DenseElementsAttr::get(cast<ShapedType>(like.getType()), 0.0f);
  return arith::ConstantOp::create(builder, loc, cast<TypedAttr>(zero));
}

double positive(double x) { return x < 0 ? 0 : x; } // NaN stays
Value emitPositive(OpBuilder &builder, Location loc, Value x) {
  return arith::MaximumFOp::create(builder, loc, x, emitZero(builder, loc, x));
}

double exponentialOfNegative(double x) { return x > 0 ? 1 : std::exp(x); }
Value emitBounded(OpBuilder &builder, Location loc, Value x) {
  x = arith::MinimumFOp::create(builder, loc, x, emitZero(builder, loc, x)); // NaN stays
  return emitExponentialOfNegative(builder, loc, x);
}

const Function kFunctions[] = {
    {"maximum with zero", positive, 0, emitPositive},
    {"exp of negative", exponentialOfNegative, 2.5, emitBounded, 1e39, false},
    {"exp", std::exp, 2, unary<math::ExpOp>, 1e39, false},
    {"exp2", std::exp2, 0.6, unary<math::Exp2Op>},
    {"expm1", std::expm1, 0.6, unary<math::ExpM1Op>},
    {"log", std::log, 1.5, unary<math::LogOp>, 1e39, false},
    {"log2", std::log2, 0.6, unary<math::Log2Op>},
    {"log10", std::log10, 0.6, unary<math::Log10Op>},
    {"log1p", std::log1p, 0.6, unary<math::Log1pOp>},
    {"tanh", std::tanh, 6, unary<math::TanhOp>},
    {"erf", std::erf, 6, unary<math::ErfOp>},
    {"sin", std::sin, 0.6, unary<math::SinOp>, 1e6},
    {"cos", std::cos, 0.6, unary<math::CosOp>, 1e6},
    {"tan", std::tan, 0.6, unary<math::TanOp>, 1e6},
    {"sinh", std::sinh, 0.6, unary<math::SinhOp>},
    {"cosh", std::cosh, 0.6, unary<math::CoshOp>},
    {"atan", std::atan, 0.6, unary<math::AtanOp>},
    {"asin", std::asin, 0.6, unary<math::AsinOp>},
    {"acos", std::acos, 0.6, unary<math::AcosOp>},
    {"asinh", std::asinh, 0.6, unary<math::AsinhOp>},
    {"acosh", std::acosh, 0.6, unary<math::AcoshOp>},
    {"atanh", std::atanh, 0.6, unary<math::AtanhOp>},
    {"sqrt", std::sqrt, 0.5, unary<math::SqrtOp>},
    {"cbrt", std::cbrt, 0.6, unary<math::CbrtOp>},
    {"floor", std::floor, 0, unary<math::FloorOp>},
    {"ceil", std::ceil, 0, unary<math::CeilOp>},
    {"round", std::round, 0, unary<math::RoundOp>},
    {"roundeven", std::nearbyint, 0, unary<math::RoundEvenOp>},
};

std::vector<float> samples() {
  std::vector<float> values;
  // A prime step visits all exponents, both signs, infinities' neighbours and NaNs.
  for (uint64_t bits = 0; bits < (uint64_t(1) << 32); bits += 20011)
    values.push_back(std::bit_cast<float>(uint32_t(bits)));
  for (int i = -200000; i <= 200000; ++i)
    values.push_back(i * 1e-4f);
  for (float x : {0.0f, 1.0f, 0.5f, 2.0f, 88.72283f, 88.72284f, 103.97f, 87.33655f, 3e38f,
                  std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(),
                  std::numeric_limits<float>::denorm_min(), std::numeric_limits<float>::min()}) {
    values.push_back(x);
    values.push_back(-x);
  }
  while (values.size() % 16)
    values.push_back(0.25f);
  return values;
}

double errorInUlps(float got, double exact) {
  float want = exact;
  if (std::isnan(want) || std::isnan(got))
    return std::isnan(want) == std::isnan(got) ? 0 : 1e30;
  if (std::isinf(want) || std::isinf(got))
    return want == got || (std::isinf(got) && std::abs(exact) > 3.4028e38) ||
                   (std::isinf(want) && std::abs(got) > 3.4028e38)
               ? 0
               : 1e30;
  int exponent;
  std::frexp(want, &exponent);
  double ulp = std::ldexp(1.0, std::max(exponent - 24, -149));
  return std::abs(got - exact) / ulp;
}

class MathAccuracyTest : public ::testing::TestWithParam<const char *> {};

TEST_P(MathAccuracyTest, Unary) {
  KernelHarness harness(GetParam());
  Type f32 = harness.f32();
  int64_t lanes = harness.target.vectorBytes() / 4;
  for (const Function &function : kFunctions)
    harness.add(function.name, {f32, f32}, 0, [&](Emitter &e, Kernel &k) {
      e.loop(k.begin, k.end, e.index(lanes), [&](Value i) {
        e.store(function.emit(e.builder, e.loc, e.load(k.buffers[0], i, lanes)), k.buffers[1], i);
      });
    });
  LoadedKernels kernels = harness.compile();
  std::vector<float> x = samples(), y(x.size());
  for (size_t f = 0; f < std::size(kFunctions); ++f) {
    kernels.call(f, {x.data(), y.data()}, {}, 0, x.size());
    double worst = 0;
    float where = 0, got = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      if (std::abs(x[i]) > kFunctions[f].limit)
        continue;
      auto denormal = [](double v) { return v != 0 && std::abs(v) < 1.17549435e-38; };
      if (!kFunctions[f].denormals && (denormal(x[i]) || denormal(kFunctions[f].exact(x[i]))))
        continue;
      double error = errorInUlps(y[i], kFunctions[f].exact(x[i]));
      if (error > worst)
        worst = error, where = x[i], got = y[i];
    }
    std::vector<float> few(4096);
    for (size_t i = 0; i < few.size(); ++i)
      few[i] = i / 4096.0f;
    double best = 1e9;
    for (int repeat = 0; repeat < 20; ++repeat) {
      auto start = std::chrono::steady_clock::now();
      kernels.call(f, {few.data(), y.data()}, {}, 0, few.size());
      best = std::min(
          best, std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start)
                    .count());
    }
    std::printf("%-10s %8.2f ns per vector, worst %10.3g ulp at %g\n", kFunctions[f].name,
                best / few.size() * lanes, worst, where);
    EXPECT_LE(worst, std::max(kFunctions[f].ulps, 0.5001))
        << kFunctions[f].name << "(" << where << ") = " << got << ", exact "
        << kFunctions[f].exact(where);
  }
}

TEST_P(MathAccuracyTest, Binary) {
  KernelHarness harness(GetParam());
  Type f32 = harness.f32();
  int64_t lanes = harness.target.vectorBytes() / 4;
  for (bool power : {true, false})
    harness.add(power ? "pow" : "atan2", {f32, f32, f32}, 0, [&](Emitter &e, Kernel &k) {
      e.loop(k.begin, k.end, e.index(lanes), [&](Value i) {
        Value x = e.load(k.buffers[0], i, lanes), y = e.load(k.buffers[1], i, lanes);
        Value result = power ? Value(math::PowFOp::create(e.builder, e.loc, x, y))
                             : Value(math::Atan2Op::create(e.builder, e.loc, x, y));
        e.store(result, k.buffers[2], i);
      });
    });
  LoadedKernels kernels = harness.compile();
  std::vector<float> values{0.0f,
                            1.0f,
                            0.5f,
                            2.0f,
                            3.0f,
                            7.0f,
                            1e-3f,
                            0.3333f,
                            1.0001f,
                            12.25f,
                            1e30f,
                            1e-30f,
                            1e9f,
                            1234567.0f,
                            2.5f,
                            std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN()};
  std::vector<float> x, y;
  for (float a : values)
    for (float b : values)
      for (int signs = 0; signs < 4; ++signs) {
        x.push_back(signs & 1 ? -a : a);
        y.push_back(signs & 2 ? -b : b);
      }
  while (x.size() % 16) {
    x.push_back(1);
    y.push_back(1);
  }
  std::vector<float> z(x.size());
  for (int kernel : {0, 1}) {
    kernels.call(kernel, {x.data(), y.data(), z.data()}, {}, 0, x.size());
    for (size_t i = 0; i < x.size(); ++i) {
      double want = kernel == 0 ? std::pow(double(x[i]), double(y[i]))
                                : std::atan2(double(x[i]), double(y[i]));
      EXPECT_LE(errorInUlps(z[i], want), 0.6) << (kernel == 0 ? "pow(" : "atan2(") << x[i] << ", "
                                              << y[i] << ") = " << z[i] << ", exact " << want;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, MathAccuracyTest,
                         ::testing::Values("native", "x86-64-v3", "x86-64-v2"));

} // namespace
