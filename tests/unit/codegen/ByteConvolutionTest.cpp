// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions of bytes with zero points, exact.

#include <gtest/gtest.h>
#include <random>

#include "compiler/codegen/convolution/Convolution.h"
#include "tests/unit/codegen/KernelHarness.h"
#include "tests/unit/codegen/SmallConvolutions.h"

using namespace mlir;
using namespace heddle::codegen;
using namespace heddle::codegen::small;

namespace {

class ByteConvolutionTest : public ::testing::TestWithParam<const char *> {
protected:
  void check(bool inputSigned, bool filterSigned, bool inputZero, bool filterZero) {
    for (const Window &w : kWindows) {
      KernelHarness harness(GetParam(), 1);
      Type i8 = harness.integer(8), i32 = harness.integer(32);
      ConvolutionSpec spec{i8};
      spec.window = {1, w.kernel, w.kernel};
      spec.stride = {1, w.stride, w.stride};
      spec.padding = {0, w.pad, w.pad};
      spec.padded = w.pad != 0;
      spec.inputSigned = inputSigned;
      spec.filterSigned = filterSigned;
      spec.filterCentered = !filterZero;
      ConvolutionPlan plan = planConvolution(spec, harness.target);
      harness.add("convolution", {i8, i8, i32, i32, i32}, 8, [&](Emitter &e, Kernel &k) {
        auto &d = k.dims;
        Value one = e.index(1);
        ConvolutionOperands ops{k.buffers[0],      k.buffers[1],     d[0], d[1], d[2], d[3],
                                {one, d[4], d[5]}, {one, d[6], d[7]}};
        if (inputZero)
          ops.inputZeroPoint = [&](Emitter &e) { return e.load(k.buffers[2], e.index(0)); };
        if (filterZero)
          ops.filterZeroPoint = [&](Emitter &e, Value c) { return e.load(k.buffers[3], c); };
        emitConvolution(e, spec, ops, k.begin, k.end, k.scratch,
                        [&](Value acc, const PixelPosition &at) {
                          e.store(acc, k.buffers[4], at.offset, at.mask);
                        });
      });
      harness.add("pack", {i8, i8}, 3, [&](Emitter &e, Kernel &k) {
        emitPackFilter(e, spec, k.buffers[0], k.buffers[1], k.dims[0], k.dims[1], k.dims[2],
                       k.begin, k.end);
      });
      LoadedKernels kernels = harness.compile();
      for (const Size &s : kSizes) {
        SCOPED_TRACE(testing::Message() << w.kernel << "x" << w.kernel << " stride " << w.stride
                                        << ", " << s.ic << " to " << s.oc);
        int64_t oh = (s.h + 2 * w.pad - w.kernel) / w.stride + 1;
        int64_t ow = (s.w + 2 * w.pad - w.kernel) / w.stride + 1;
        int64_t channels = s.ic / s.groups, taps = w.kernel * w.kernel, outputs = s.oc / s.groups;
        std::mt19937 random(5);
        GuardedArray<int8_t> x(s.n * s.ic * s.h * s.w), f(s.oc * channels * taps);
        GuardedArray<int32_t> xZero(1), fZero(s.oc), y(s.n * s.oc * oh * ow);
        for (int8_t &value : x)
          value = random();
        for (int8_t &value : f)
          value = random();
        xZero[0] = !inputZero ? 0 : inputSigned ? -3 : 131;
        for (int32_t &value : fZero)
          value = filterZero     ? (filterSigned ? int8_t(random()) : uint8_t(random()))
                  : filterSigned ? 0
                                 : 128;
        GuardedArray<int8_t> packed(plan.packedElements(s.groups, s.oc, channels, taps));
        kernels.call(1, {f.data(), packed.data()}, {s.groups, s.oc, channels}, 0,
                     s.groups * ((outputs + plan.panel - 1) / plan.panel));
        kernels.call(0, {x.data(), packed.data(), xZero.data(), fZero.data(), y.data()},
                     {s.n, s.groups, s.ic, s.oc, s.h, s.w, oh, ow}, 0,
                     plan.gridPoints(s.n, s.groups, s.oc, 1, oh, ow), plan.scratchBytes(channels));
        size_t at = 0;
        for (int64_t n = 0; n < s.n; ++n)
          for (int64_t oc = 0; oc < s.oc; ++oc)
            for (int64_t i = 0; i < oh; ++i)
              for (int64_t j = 0; j < ow; ++j, ++at) {
                int32_t want = 0;
                for (int64_t c = 0; c < channels; ++c)
                  for (int64_t kh = 0; kh < w.kernel; ++kh)
                    for (int64_t kw = 0; kw < w.kernel; ++kw) {
                      int64_t h = i * w.stride - w.pad + kh, v = j * w.stride - w.pad + kw;
                      if (h < 0 || v < 0 || h >= s.h || v >= s.w)
                        continue;
                      int8_t a = x[((n * s.ic + oc / outputs * channels + c) * s.h + h) * s.w + v];
                      int8_t b = f[((oc * channels + c) * w.kernel + kh) * w.kernel + kw];
                      want += ((inputSigned ? a : uint8_t(a)) - xZero[0]) *
                              ((filterSigned ? b : uint8_t(b)) - fZero[oc]);
                    }
                ASSERT_EQ(y[at], want) << at;
              }
      }
    }
  }
};

TEST_P(ByteConvolutionTest, UnsignedTimesSigned) { check(false, true, true, false); }
TEST_P(ByteConvolutionTest, SignedTimesSigned) { check(true, true, false, false); }
TEST_P(ByteConvolutionTest, CentredUnsignedFilters) { check(false, false, true, false); }
TEST_P(ByteConvolutionTest, AllZeroPoints) {
  check(true, false, true, true);
  check(false, true, true, true);
}

INSTANTIATE_TEST_SUITE_P(Targets, ByteConvolutionTest,
                         ::testing::Values("native", "x86-64-v4", "x86-64-v3", "x86-64-v2"));

} // namespace
