// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementary functions of f32 vectors against the C library in double precision, over all exponents
// and at special values. Bounds are in units in the last place.

#include <bit>
#include <chrono>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "tests/unit/codegen/KernelHarness.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace heddle::codegen;

namespace {

struct Function {
  const char *name;
  double (*exact)(double);
  double ulps;
  Value (*emit)(OpBuilder &, Location, Value);
  bool vectorized = true;
};

template <typename Op> Value unary(OpBuilder &builder, Location loc, Value x) {
  return Op::create(builder, loc, x);
}

const Function kFunctions[] = {
    {"exp", std::exp, 2, unary<math::ExpOp>},
    {"exp2", std::exp2, 2, unary<math::Exp2Op>},
    {"expm1", std::expm1, 3, unary<math::ExpM1Op>},
    {"log", std::log, 2, unary<math::LogOp>},
    {"log2", std::log2, 3, unary<math::Log2Op>},
    {"log10", std::log10, 3, unary<math::Log10Op>},
    {"log1p", std::log1p, 4, unary<math::Log1pOp>},
    {"tanh", std::tanh, 3, unary<math::TanhOp>},
    {"erf", std::erf, 3, unary<math::ErfOp>},
    {"sin", std::sin, 2, unary<math::SinOp>},
    {"cos", std::cos, 2, unary<math::CosOp>},
    {"tan", std::tan, 4, unary<math::TanOp>},
    {"sinh", std::sinh, 4, unary<math::SinhOp>},
    {"cosh", std::cosh, 3, unary<math::CoshOp>},
    {"atan", std::atan, 3, unary<math::AtanOp>},
    {"asin", std::asin, 4, unary<math::AsinOp>},
    {"acos", std::acos, 4, unary<math::AcosOp>},
    {"asinh", std::asinh, 4, unary<math::AsinhOp>},
    {"acosh", std::acosh, 4, unary<math::AcoshOp>},
    {"atanh", std::atanh, 4, unary<math::AtanhOp>},
    {"sqrt", std::sqrt, 0.5, unary<math::SqrtOp>},
    {"cbrt", std::cbrt, 2, unary<math::CbrtOp>},
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
      best = std::min(best, std::chrono::duration<double, std::nano>(
                                std::chrono::steady_clock::now() - start).count());
    }
    std::printf("%-10s %8.2f ns per vector, worst %10.3g ulp at %g\n", kFunctions[f].name,
                best / few.size() * lanes, worst, where);
    EXPECT_LE(worst, std::max(kFunctions[f].ulps, 0.5001))
        << kFunctions[f].name << "(" << where << ") = " << got << ", exact "
        << kFunctions[f].exact(where);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, MathAccuracyTest,
                         ::testing::Values("native", "x86-64-v3", "x86-64-v2"));

} // namespace
