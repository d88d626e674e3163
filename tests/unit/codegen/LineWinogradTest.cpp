// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Winograd's minimal filtering along lines against plain loops and against direct convolution.

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "compiler/codegen/convolution/LineWinograd.h"
#include "tests/unit/codegen/WinogradArrays.h"

using namespace mlir;
using namespace heddle::codegen;

namespace {

struct Size {
  int64_t n, channels, outputs, height, width;  // of the input
  bool withinRows = false;
  int64_t before = 0, after = 0;  // padding along the window; within rows it is 1
  int64_t outputHeight() const { return withinRows ? height : height + before + after - 2; }
};

/// Both ways to compute one size.
class Pair {
 public:
  Pair(const char *cpu, const Size &size) : s(size), harness(cpu, 1) {
    Type f32 = harness.f32();
    Spatial window = s.withinRows ? Spatial{1, 1, 3} : Spatial{1, 3, 1};
    Spatial padding = s.withinRows ? Spatial{0, 0, 1} : Spatial{0, s.before, 0};
    ConvolutionSpec plain{f32, window, {1, 1, 1}, {1, 1, 1}, padding, true};
    spec = {plain, s.channels, s.outputs, s.outputHeight(), s.width};
    plan = planLineWinograd(spec, harness.target);
    directPlan = planConvolution(plain, harness.target);
    auto add = [&](const char *name, bool winograd) {
      harness.add(name, {f32, f32, f32}, 1, [&](Emitter &e, Kernel &k) {
        Value one = e.index(1);
        int64_t row = winograd ? s.height * s.width : s.width;
        ConvolutionOperands ops{k.buffers[0],
                                k.buffers[1],
                                k.dims[0],
                                one,
                                e.index(s.channels),
                                e.index(s.outputs),
                                {one, e.index(winograd ? 1 : s.height), e.index(row)},
                                {one, e.index(winograd ? 1 : s.outputHeight()),
                                 e.index(winograd ? s.outputHeight() * s.width : s.width)}};
        auto sink = [&](Value sum, const PixelPosition &at) {
          e.store(sum, k.buffers[2], at.offset, at.mask);
        };
        if (winograd)
          emitLineWinograd(e, spec, ops, k.begin, k.end, k.scratch, sink);
        else
          emitConvolution(e, spec.convolution, ops, k.begin, k.end, k.scratch, sink);
      });
    };
    add("winograd", true);
    add("direct", false);
    harness.add("pack_winograd", {f32, f32}, 0, [&](Emitter &e, Kernel &k) {
      emitPackLineWinograd(e, spec.convolution, k.buffers[0], k.buffers[1], e.index(spec.outputs),
                           e.index(spec.channels), k.begin, k.end);
    });
    harness.add("pack", {f32, f32}, 0, [&](Emitter &e, Kernel &k) {
      emitPackFilter(e, spec.convolution, k.buffers[0], k.buffers[1], e.index(1),
                     e.index(s.outputs), e.index(s.channels), k.begin, k.end);
    });
    kernels = harness.compile();
  }

  bool fits() const { return spec.fits(harness.target); }
  Array input(unsigned seed) const {
    return randomArray(s.n * s.channels * s.height * s.width, seed);
  }
  Array filters(unsigned seed) const { return randomArray(s.outputs * s.channels * 3, seed); }

  Array winograd(const Array &x, const Array &f, bool backwards = false) {
    Array packed(plan.packedElements), y(results());
    kernels.call(2, {f.data(), packed.data()}, {}, 0, panels());
    int64_t points = plan.gridPoints(s.n, 1, s.outputs, 1, 1, s.outputHeight() * s.width);
    int64_t scratch = plan.scratchBytes(s.channels);
    for (int64_t point = points - 1; backwards && point >= 0; --point)
      kernels.call(0, {x.data(), packed.data(), y.data()}, {s.n}, point, point + 1, scratch);
    if (!backwards) kernels.call(0, {x.data(), packed.data(), y.data()}, {s.n}, 0, points, scratch);
    return y;
  }
  Array direct(const Array &x, const Array &f) {
    Array packed(directPlan.packedElements(1, s.outputs, s.channels, 3)), y(results());
    kernels.call(3, {f.data(), packed.data()}, {}, 0, panels());
    kernels.call(1, {x.data(), packed.data(), y.data()}, {s.n}, 0,
                 directPlan.gridPoints(s.n, 1, s.outputs, 1, s.outputHeight(), s.width),
                 directPlan.scratchBytes(s.channels));
    return y;
  }
  std::vector<double> exact(const Array &x, const Array &f) const {
    std::vector<double> y;
    for (int64_t n = 0; n < s.n; ++n)
      for (int64_t o = 0; o < s.outputs; ++o)
        for (int64_t row = 0; row < s.outputHeight(); ++row)
          for (int64_t column = 0; column < s.width; ++column) {
            double sum = 0;
            for (int64_t c = 0; c < s.channels; ++c)
              for (int64_t tap = 0; tap < 3; ++tap) {
                int64_t h = s.withinRows ? row : row + tap - s.before;
                int64_t w = s.withinRows ? column + tap - 1 : column;
                if (h >= 0 && w >= 0 && h < s.height && w < s.width)
                  sum += double(x[((n * s.channels + c) * s.height + h) * s.width + w]) *
                         f[(o * s.channels + c) * 3 + tap];
              }
            y.push_back(sum);
          }
    return y;
  }

 private:
  size_t results() const { return s.n * s.outputs * s.outputHeight() * s.width; }
  int64_t panels() const { return (s.outputs + directPlan.panel - 1) / directPlan.panel; }

  const Size s;
  KernelHarness harness;
  LineWinogradSpec spec;
  LineWinogradPlan plan;
  ConvolutionPlan directPlan;
  LoadedKernels kernels;
};

class LineWinogradTest : public ::testing::TestWithParam<const char *> {};

// Rows of one vector, of several, and of parts of one; odd heights; channels that leave tiles over.
const Size kSizes[] = {
    {1, 24, 24, 74, 32, true}, {2, 5, 33, 11, 8, true},        {1, 72, 40, 5, 6, true},
    {1, 3, 8, 1, 2, true},     {1, 16, 9, 9, 70, true},        {1, 24, 20, 20, 32},
    {2, 7, 70, 13, 16},        {1, 48, 16, 9, 8, false, 1, 1}, {1, 9, 33, 7, 4, false, 2, 0},
    {1, 40, 8, 12, 1},         {1, 4, 17, 6, 48, false, 0, 2}};

TEST_P(LineWinogradTest, AgreesWithPlainLoops) {
  int64_t fitting = 0;
  for (const Size &size : kSizes) {
    SCOPED_TRACE(testing::Message()
                 << size.channels << " to " << size.outputs << ", " << size.height << "x"
                 << size.width << ", within rows " << size.withinRows);
    Pair pair(GetParam(), size);
    if (!pair.fits()) continue;
    ++fitting;
    Array x = pair.input(1), f = pair.filters(2);
    std::vector<double> want = pair.exact(x, f);
    Array y = pair.winograd(x, f), again = pair.winograd(x, f, /*backwards=*/true);
    for (size_t i = 0; i < want.size(); ++i) {
      ASSERT_NEAR(y[i], want[i], 1e-4) << i;
      ASSERT_EQ(y[i], again[i]) << i;
    }
  }
  EXPECT_GE(fitting, 9);
}

TEST_P(LineWinogradTest, WhatIsNotFiniteIsWhereItWouldBe) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float kinds[] = {infinity, -infinity, std::nanf(""), 3e38f, -3e38f};
  for (const Size &size : {Size{1, 20, 10, 9, 8, true}, Size{1, 20, 10, 10, 16, false, 1, 1}}) {
    Pair pair(GetParam(), size);
    Array f = pair.filters(6);
    f[5] = 0;  // 0 times infinity
    for (float kind : kinds)
      for (auto [row, column] : std::vector<std::pair<int64_t, int64_t>>{
               {0, 0}, {0, 7}, {4, 0}, {5, 5}, {size.height - 1, size.width - 1}}) {
        Array x = pair.input(5);
        x[(17 * size.height + row) * size.width + column] = kind;
        expectSameKinds(pair.winograd(x, f), pair.direct(x, f), kind);
      }
  }
}

// Inputs whose differences leave the range of f32, with results that do not.
TEST_P(LineWinogradTest, TransformedInputsMayOverflow) {
  for (bool withinRows : {false, true}) {
    Pair pair(GetParam(), {1, 2, 16, 8, 8, withinRows});
    Array x = pair.input(7), f = pair.filters(8);
    for (size_t i = 0; i < x.size(); ++i) x[i] = i / (withinRows ? 1 : 8) % 4 < 2 ? 3e38f : -3e38f;
    for (float &weight : f) weight *= 1e-3f;
    std::vector<double> want = pair.exact(x, f);
    Array y = pair.winograd(x, f), direct = pair.direct(x, f);
    for (size_t i = 0; i < want.size(); ++i) {
      ASSERT_NEAR(y[i] / 1e35, want[i] / 1e35, 1e-3) << i;
      ASSERT_EQ(y[i], direct[i]) << i;
    }
  }
}

TEST_P(LineWinogradTest, PairsFillVectors) {
  EXPECT_FALSE(Pair(GetParam(), {1, 8, 8, 6, 7, true}).fits());  // pairs of two rows
  EXPECT_FALSE(Pair(GetParam(), {1, 8, 8, 6, 7}).fits());        // rows that vectors leave over
  EXPECT_FALSE(Pair(GetParam(), {1, 8, 8, 7, 64}).fits());       // a lone row
}

INSTANTIATE_TEST_SUITE_P(Targets, LineWinogradTest,
                         ::testing::Values("native", "x86-64-v3", "x86-64-v2"));

}  // namespace
