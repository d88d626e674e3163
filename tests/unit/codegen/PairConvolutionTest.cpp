// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions of f32 rounded to bf16, and of filters stored as f16.

#include <bit>
#include <gtest/gtest.h>
#include <random>

#include "compiler/codegen/TileMath.h"
#include "compiler/codegen/convolution/Convolution.h"
#include "tests/unit/codegen/KernelHarness.h"
#include "tests/unit/codegen/SmallConvolutions.h"

using namespace mlir;
using namespace heddle::codegen;
using namespace heddle::codegen::small;

namespace {

float rounded(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  bits += 0x7fff + (bits >> 16 & 1);
  return std::bit_cast<float>(bits & 0xffff0000);
}

void check(const char *cpu, bool pairs) {
  for (const Window &w : kWindows) {
    KernelHarness harness(cpu, 1);
    if (pairs && !TileMath::hasPairs(harness.target))
      GTEST_SKIP() << "this CPU has no products of bf16";
    Type f32 = harness.f32(), stored = pairs ? harness.bf16() : harness.f16();
    ConvolutionSpec spec{f32};
    spec.pairs = pairs;
    spec.window = {1, w.kernel, w.kernel};
    spec.stride = {1, w.stride, w.stride};
    spec.padding = {0, w.pad, w.pad};
    spec.padded = w.pad != 0;
    ConvolutionPlan plan = planConvolution(spec, harness.target);
    harness.add("convolution", {f32, stored, f32}, 8, [&](Emitter &e, Kernel &k) {
      auto &d = k.dims;
      Value one = e.index(1);
      ConvolutionOperands ops{k.buffers[0],      k.buffers[1],     d[0], d[1], d[2], d[3],
                              {one, d[4], d[5]}, {one, d[6], d[7]}};
      emitConvolution(e, spec, ops, k.begin, k.end, k.scratch,
                      [&](Value acc, const PixelPosition &at) {
                        e.store(acc, k.buffers[2], at.offset, at.mask);
                      });
    });
    harness.add("pack", {f32, stored}, 3, [&](Emitter &e, Kernel &k) {
      emitPackFilter(e, spec, k.buffers[0], k.buffers[1], k.dims[0], k.dims[1], k.dims[2], k.begin,
                     k.end);
    });
    LoadedKernels kernels = harness.compile();
    for (const Size &s : kSizes) {
      SCOPED_TRACE(testing::Message() << w.kernel << "x" << w.kernel << " stride " << w.stride
                                      << ", " << s.ic << " to " << s.oc);
      int64_t oh = (s.h + 2 * w.pad - w.kernel) / w.stride + 1;
      int64_t ow = (s.w + 2 * w.pad - w.kernel) / w.stride + 1;
      int64_t channels = s.ic / s.groups, taps = w.kernel * w.kernel, outputs = s.oc / s.groups;
      std::mt19937 random(5);
      std::uniform_real_distribution<float> numbers(-2, 2);
      GuardedArray<float> x(s.n * s.ic * s.h * s.w), f(s.oc * channels * taps),
          y(s.n * s.oc * oh * ow);
      for (float &value : x)
        value = numbers(random);
      for (float &value : f) // what f16 holds, and bf16 does not
        value = int(random() % 2047) / 1024.0f - 1;
      GuardedArray<uint16_t> packed(plan.packedElements(s.groups, s.oc, channels, taps));
      kernels.call(1, {f.data(), packed.data()}, {s.groups, s.oc, channels}, 0,
                   s.groups * ((outputs + plan.panel - 1) / plan.panel));
      kernels.call(0, {x.data(), packed.data(), y.data()},
                   {s.n, s.groups, s.ic, s.oc, s.h, s.w, oh, ow}, 0,
                   plan.gridPoints(s.n, s.groups, s.oc, 1, oh, ow), plan.scratchBytes(channels));
      size_t at = 0;
      for (int64_t n = 0; n < s.n; ++n)
        for (int64_t oc = 0; oc < s.oc; ++oc)
          for (int64_t i = 0; i < oh; ++i)
            for (int64_t j = 0; j < ow; ++j, ++at) {
              double want = 0, magnitude = 0;
              for (int64_t c = 0; c < channels; ++c)
                for (int64_t kh = 0; kh < w.kernel; ++kh)
                  for (int64_t kw = 0; kw < w.kernel; ++kw) {
                    int64_t h = i * w.stride - w.pad + kh, v = j * w.stride - w.pad + kw;
                    if (h < 0 || v < 0 || h >= s.h || v >= s.w)
                      continue;
                    float a = x[((n * s.ic + oc / outputs * channels + c) * s.h + h) * s.w + v];
                    float b = f[((oc * channels + c) * w.kernel + kh) * w.kernel + kw];
                    double product = pairs ? double(rounded(a)) * rounded(b) : double(a) * b;
                    want += product;
                    magnitude += std::abs(product);
                  }
              ASSERT_NEAR(y[at], want, 1e-6 * magnitude + 1e-12) << at;
            }
    }
  }
}

TEST(PairConvolutionTest, RoundedToBf16) { check("native", true); }
TEST(PairConvolutionTest, FiltersStoredAsHalf) {
  for (const char *cpu : {"native", "x86-64-v3", "x86-64-v2"})
    check(cpu, false);
}

} // namespace
