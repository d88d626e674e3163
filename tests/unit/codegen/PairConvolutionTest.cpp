// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions of f32 rounded to bf16, and of filters stored as f16.

#include <bit>
#include <gtest/gtest.h>
#include <random>

#include "compiler/codegen/TileMath.h"
#include "tests/unit/codegen/SmallConvolutions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace heddle::codegen;
using namespace heddle::codegen::small;

namespace {

float rounded(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  bits += 0x7fff + (bits >> 16 & 1);
  return std::bit_cast<float>(bits & 0xffff0000);
}

/// With `adds`, the input is computed: one more than what is in memory.
void check(const char *cpu, bool pairs, bool adds = false) {
  for (const Window &window : kWindows) {
    KernelHarness harness(cpu, 1);
    if (pairs && !TileMath::hasPairs(harness.target))
      GTEST_SKIP() << "this CPU has no products of bf16";
    Type f32 = harness.f32(), stored = pairs ? harness.bf16() : harness.f16();
    ConvolutionSpec spec = withWindow({f32}, window);
    spec.pairs = pairs;
    spec.computesInput = adds;
    Kernels kernels(
        harness, spec, f32, {f32, stored, f32}, [&](ConvolutionOperands &ops, Kernel &k) {
          if (adds)
            ops.inputAt = [&](Emitter &e, const PixelPosition &at) {
              Value one = arith::ConstantOp::create(e.builder, e.loc, e.builder.getF32FloatAttr(1));
              return arith::AddFOp::create(e.builder, e.loc,
                                           e.load(k.buffers[0], at.offset, at.lanes, at.mask),
                                           e.broadcast(one, at.lanes));
            };
        });
    for (const Size &size : kSizes) {
      Case c{window, size};
      SCOPED_TRACE(c.name());
      std::mt19937 random(5);
      std::uniform_real_distribution<float> numbers(-2, 2);
      GuardedArray<float> x(c.inputs()), f(c.filters()), y(c.results());
      for (float &value : x)
        value = numbers(random);
      for (float &value : f) // what f16 holds, and bf16 does not
        value = int(random() % 2047) / 1024.0f - 1;
      kernels.run<uint16_t>(c, x.data(), f.data(), {y.data()});
      double want = 0, magnitude = 0;
      c.forEachResult([&](int64_t) { want = magnitude = 0; },
                      [&](int64_t input, int64_t filter) {
                        float a = x[input] + (adds ? 1.0f : 0.0f), b = f[filter];
                        double product = pairs ? double(rounded(a)) * rounded(b) : double(a) * b;
                        want += product;
                        magnitude += std::abs(product);
                      },
                      [&](int64_t result) {
                        ASSERT_NEAR(y[result], want, 1e-6 * magnitude + 1e-12) << result;
                      });
    }
  }
}

TEST(PairConvolutionTest, RoundedToBf16) { check("native", true); }
TEST(PairConvolutionTest, ComputedInput) { check("native", true, true); }
TEST(PairConvolutionTest, FiltersStoredAsHalf) {
  for (const char *cpu : {"native", "x86-64-v3", "x86-64-v2"})
    check(cpu, false);
}

} // namespace
