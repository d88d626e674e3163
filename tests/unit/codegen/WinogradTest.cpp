// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Winograd's minimal filtering against plain loops in double precision and against direct convolution.

#include <cmath>
#include <gtest/gtest.h>
#include <random>

#include "compiler/codegen/convolution/Winograd.h"
#include "tests/unit/codegen/WinogradArrays.h"

using namespace mlir;
using namespace heddle::codegen;

namespace {

struct Size {
  int64_t n, channels, outputs, height, width;
  int64_t before = 1, after = 1; // padding of both axes
  int64_t outputHeight() const { return height + before + after - 2; }
  int64_t outputWidth() const { return width + before + after - 2; }
};

struct Form {
  bool known = true;  // sizes of the plane
  bool joined = true; // rows
};

/// Both ways to compute one size.
class Pair {
public:
  Pair(const char *cpu, const Size &size, Form form = {}) : s(size), harness(cpu, 1) {
    Type f32 = harness.f32();
    ConvolutionSpec plain{f32, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, s.before, s.before}, true};
    plain.padded = s.before != 0 || s.after != 0;
    spec = {plain, s.channels, s.outputs, {}, {}, form.joined};
    if (form.known) {
      spec.height = s.outputHeight();
      spec.width = s.outputWidth();
    }
    plan = planWinograd(spec, harness.target);
    directPlan = planConvolution(spec.convolution, harness.target);
    auto add = [&](const char *name, bool winograd) {
      harness.add(name, {f32, f32, f32}, 5, [&](Emitter &e, Kernel &k) {
        Value one = e.index(1);
        Values d = k.dims;
        for (size_t i = 0; form.known && i < d.size(); ++i)
          d[i] = e.index(sizes()[i]);
        ConvolutionOperands ops{k.buffers[0],        k.buffers[1],         d[0],
                                one,                 e.index(s.channels),  e.index(s.outputs),
                                {one, d[1], d[2]},   {one, d[3], d[4]}};
        auto sink = [&](Value sum, const PixelPosition &at) {
          e.store(sum, k.buffers[2], at.offset, at.mask);
        };
        if (winograd)
          emitWinograd(e, spec, ops, k.begin, k.end, k.scratch, sink);
        else
          emitConvolution(e, spec.convolution, ops, k.begin, k.end, k.scratch, sink);
      });
    };
    add("winograd", true);
    add("direct", false);
    harness.add("pack_winograd", {f32, f32}, 0, [&](Emitter &e, Kernel &k) {
      emitPackWinograd(e, spec.convolution, k.buffers[0], k.buffers[1], e.index(s.outputs),
                       e.index(s.channels), k.begin, k.end);
    });
    harness.add("pack", {f32, f32}, 0, [&](Emitter &e, Kernel &k) {
      emitPackFilter(e, spec.convolution, k.buffers[0], k.buffers[1], e.index(1),
                     e.index(s.outputs), e.index(s.channels), k.begin, k.end);
    });
    kernels = harness.compile();
  }

  Array input(unsigned seed, float low = -1, float high = 1) const {
    return randomArray(s.n * s.channels * s.height * s.width, seed, low, high);
  }
  Array filters(unsigned seed) const { return randomArray(s.outputs * s.channels * 9, seed); }
  size_t results() const { return s.n * s.outputs * s.outputHeight() * s.outputWidth(); }

  Array winograd(const Array &x, const Array &f, bool backwards = false) {
    Array packed(plan.packedElements), y(results());
    int64_t panels = (s.outputs + plan.panel - 1) / plan.panel;
    kernels.call(2, {f.data(), packed.data()}, {}, 0, panels);
    ConvolutionBlocks blocks = plan;
    if (!spec.width) {
      auto parts = [](int64_t size, int64_t most) { return (size + most - 1) / most; };
      int64_t across = parts(s.outputWidth(), 2);
      blocks.rowBlock = plan.blockTiles() / parts(across, parts(across, plan.columnTiles)) * 2;
    }
    run(0, blocks, x, packed, y, backwards);
    return y;
  }
  Array direct(const Array &x, const Array &f) {
    Array packed(directPlan.packedElements(1, s.outputs, s.channels, 9)), y(results());
    int64_t panels = (s.outputs + directPlan.panel - 1) / directPlan.panel;
    kernels.call(3, {f.data(), packed.data()}, {}, 0, panels);
    run(1, directPlan, x, packed, y, false);
    return y;
  }
  std::vector<double> exact(const Array &x, const Array &f) const {
    std::vector<double> y;
    for (int64_t n = 0; n < s.n; ++n)
      for (int64_t o = 0; o < s.outputs; ++o)
        for (int64_t row = 0; row < s.outputHeight(); ++row)
          for (int64_t column = 0; column < s.outputWidth(); ++column) {
            double sum = 0;
            for (int64_t c = 0; c < s.channels; ++c)
              for (int64_t tap = 0; tap < 9; ++tap) {
                int64_t h = row + tap / 3 - s.before, w = column + tap % 3 - s.before;
                if (h >= 0 && w >= 0 && h < s.height && w < s.width)
                  sum += double(x[((n * s.channels + c) * s.height + h) * s.width + w]) *
                         f[(o * s.channels + c) * 9 + tap];
              }
            y.push_back(sum);
          }
    return y;
  }

  const Size s;
  WinogradPlan plan;

private:
  std::vector<int64_t> sizes() const {
    return {s.n, s.height, s.width, s.outputHeight(), s.outputWidth()};
  }
  void run(int kernel, const ConvolutionBlocks &blocks, const Array &x, const Array &packed,
           Array &y, bool backwards) {
    int64_t points = blocks.gridPoints(s.n, 1, s.outputs, 1, s.outputHeight(), s.outputWidth());
    int64_t scratch = blocks.scratchBytes(s.channels);
    for (int64_t point = points - 1; backwards && point >= 0; --point)
      kernels.call(kernel, {x.data(), packed.data(), y.data()}, sizes(), point, point + 1, scratch);
    if (!backwards)
      kernels.call(kernel, {x.data(), packed.data(), y.data()}, sizes(), 0, points, scratch);
  }

  KernelHarness harness;
  WinogradSpec spec;
  ConvolutionPlan directPlan;
  LoadedKernels kernels;
};

/// Errors relative to the largest result.
struct Errors {
  double largest = 0, rms = 0;
  Errors(const std::vector<double> &exact, const Array &y) {
    double most = 0, squares = 0;
    for (size_t i = 0; i < exact.size(); ++i) {
      double error = std::abs(y[i] - exact[i]);
      most = std::max(most, std::abs(exact[i]));
      largest = std::max(largest, error);
      squares += error * error;
    }
    largest /= most;
    rms = std::sqrt(squares / double(exact.size())) / most;
  }
};

class WinogradTest : public ::testing::TestWithParam<const char *> {};

const Size kSizes[] = {{1, 3, 8, 11, 13},      {2, 17, 33, 9, 7},       {1, 16, 70, 16, 30},
                       {1, 40, 48, 7, 14},     {1, 5, 20, 1, 1},        {1, 8, 16, 2, 70},
                       {2, 20, 16, 14, 14},    {1, 6, 9, 20, 65, 0, 0}, {1, 4, 33, 12, 9, 2, 0},
                       {1, 7, 16, 40, 3, 0, 1}};

TEST_P(WinogradTest, AgreesWithPlainLoops) {
  for (const Size &size : kSizes)
    for (Form form : {Form{true, true}, Form{true, false}, Form{false, false}}) {
      SCOPED_TRACE(testing::Message() << size.channels << " to " << size.outputs << ", "
                                      << size.height << "x" << size.width << ", sizes known "
                                      << form.known << ", rows joined " << form.joined);
      Pair pair(GetParam(), size, form);
      Array x = pair.input(1), f = pair.filters(2);
      std::vector<double> want = pair.exact(x, f);
      Array y = pair.winograd(x, f), again = pair.winograd(x, f, /*backwards=*/true);
      for (size_t i = 0; i < want.size(); ++i) {
        ASSERT_NEAR(y[i], want[i], 1e-4) << i;
        ASSERT_EQ(y[i], again[i]) << i;
      }
    }
}

// Rounding is about that of a direct sum: neither is exact, and tiles do not make it much worse.
TEST_P(WinogradTest, ErrorsAreThoseOfF32) {
  struct Input {
    const char *name;
    float low, high;
    float spike = 1; // of every 97th element
  };
  for (const Size &size : {Size{1, 64, 16, 28, 28}, Size{1, 256, 16, 14, 14}})
    for (Input input : {Input{"around 0", -1, 1}, {"after Relu", 0, 1}, {"far from 0", 1000, 1001},
                        {"spikes", -1, 1, 1e4f}}) {
      Pair pair(GetParam(), size);
      Array x = pair.input(3, input.low, input.high), f = pair.filters(4);
      if (input.low == 0) // half of them
        for (float &value : x)
          value = std::max(0.0f, 2 * value - 1);
      for (size_t i = 0; i < x.size(); i += 97)
        x[i] *= input.spike;
      std::vector<double> exact = pair.exact(x, f);
      Errors direct(exact, pair.direct(x, f)), winograd(exact, pair.winograd(x, f));
      std::printf("%s, %ld channels, %s: direct %.1e %.1e, winograd %.1e %.1e (largest, rms)\n",
                  GetParam(), long(size.channels), input.name, direct.largest, direct.rms,
                  winograd.largest, winograd.rms);
      EXPECT_LT(winograd.largest, 4 * direct.largest) << input.name;
      EXPECT_LT(winograd.rms, 4 * direct.rms) << input.name;
    }
}

// In the middle, at edges and corners, beside padding and where tiles end.
TEST_P(WinogradTest, WhatIsNotFiniteIsWhereItWouldBe) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float kinds[] = {infinity, -infinity, std::nanf(""), 3e38f, -3e38f};
  for (const Size &size : {Size{1, 9, 20, 13, 12}, Size{1, 3, 16, 9, 40, 0, 0}}) {
    Pair pair(GetParam(), size);
    Array f = pair.filters(6);
    f[5] = 0; // 0 times infinity
    for (float kind : kinds)
      for (auto [row, column] : std::vector<std::pair<int64_t, int64_t>>{
               {0, 0}, {0, 5}, {4, 0}, {5, 5}, {6, 7}, {size.height - 1, size.width - 1},
               {size.height - 1, 3}, {2, size.width - 1}}) {
        Array x = pair.input(5);
        x[(2 * size.height + row) * size.width + column] = kind;
        expectSameKinds(pair.winograd(x, f), pair.direct(x, f), kind);
      }
  }
}

// Inputs whose differences leave the range of f32, with results that do not.
TEST_P(WinogradTest, TransformedInputsMayOverflow) {
  Pair pair(GetParam(), {1, 2, 16, 8, 8});
  Array x = pair.input(7), f = pair.filters(8);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = i % 2 ? 3e38f : -3e38f;
  for (float &weight : f)
    weight *= 1e-3f;
  std::vector<double> want = pair.exact(x, f);
  Array y = pair.winograd(x, f);
  for (size_t i = 0; i < want.size(); ++i)
    ASSERT_NEAR(y[i] / 1e35, want[i] / 1e35, 1e-3) << i;
}

INSTANTIATE_TEST_SUITE_P(Targets, WinogradTest,
                         ::testing::Values("native", "x86-64-v3", "x86-64-v2"));

} // namespace
