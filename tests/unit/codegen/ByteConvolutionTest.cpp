// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions of bytes with zero points, exact.

#include <gtest/gtest.h>
#include <random>

#include "tests/unit/codegen/SmallConvolutions.h"

using namespace mlir;
using namespace heddle::codegen;
using namespace heddle::codegen::small;

namespace {

class ByteConvolutionTest : public ::testing::TestWithParam<const char *> {
protected:
  void check(bool inputSigned, bool filterSigned, bool inputZero, bool filterZero) {
    for (const Window &window : kWindows) {
      KernelHarness harness(GetParam(), 1);
      Type i8 = harness.integer(8), i32 = harness.integer(32);
      ConvolutionSpec spec = withWindow({i8}, window);
      spec.inputSigned = inputSigned;
      spec.filterSigned = filterSigned;
      spec.filterCentered = !filterZero;
      Kernels kernels(harness, spec, i8, {i8, i8, i32, i32, i32},
                      [&](ConvolutionOperands &operands, Kernel &k) {
                        Value zero = k.buffers[2], zeros = k.buffers[3];
                        if (inputZero)
                          operands.inputZeroPoint = [=](Emitter &e) {
                            return e.load(zero, e.index(0));
                          };
                        if (filterZero)
                          operands.filterZeroPoint = [=](Emitter &e, Value channel) {
                            return e.load(zeros, channel);
                          };
                      });
      for (const Size &size : kSizes) {
        Case c{window, size};
        SCOPED_TRACE(c.name());
        std::mt19937 random(5);
        GuardedArray<int8_t> x(c.inputs()), f(c.filters());
        GuardedArray<int32_t> xZero(1), fZero(size.oc), y(c.results());
        for (int8_t &value : x)
          value = random();
        for (int8_t &value : f)
          value = random();
        xZero[0] = !inputZero ? 0 : inputSigned ? -3 : 131;
        for (int32_t &value : fZero)
          value = filterZero     ? (filterSigned ? int8_t(random()) : uint8_t(random()))
                  : filterSigned ? 0
                                 : 128;
        kernels.run<int8_t>(c, x.data(), f.data(), {xZero.data(), fZero.data(), y.data()});
        int32_t want = 0, zero = 0;
        c.forEachResult(
            [&](int64_t channel) {
              want = 0;
              zero = fZero[channel];
            },
            [&](int64_t input, int64_t filter) {
              int32_t a = inputSigned ? x[input] : uint8_t(x[input]);
              int32_t b = filterSigned ? f[filter] : uint8_t(f[filter]);
              want += (a - xZero[0]) * (b - zero);
            },
            [&](int64_t result) { ASSERT_EQ(y[result], want) << result; });
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
