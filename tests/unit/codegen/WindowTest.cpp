// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Depthwise convolution and pooling against plain loops.

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <random>

#include "compiler/codegen/convolution/Window.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "tests/unit/codegen/KernelHarness.h"

using namespace mlir;
using namespace heddle::codegen;

namespace {

struct Case {
  Spatial window, stride, dilation, before, after;
};
struct Size {
  int64_t n, channels, multiplier; // channels of the input
  Spatial input;
};

const Case kCases[] = {
    {{1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}},
    {{1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 0}, {0, 1, 1}},
    {{1, 5, 5}, {1, 2, 1}, {1, 1, 2}, {0, 2, 4}, {0, 1, 4}},
    {{1, 2, 2}, {1, 2, 2}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}},
    {{1, 3, 3}, {1, 3, 3}, {1, 2, 1}, {0, 0, 1}, {0, 2, 0}},
    {{1, 5, 4}, {1, 4, 4}, {1, 1, 1}, {0, 1, 0}, {0, 1, 0}},
    {{1, 2, 5}, {1, 1, 6}, {1, 1, 1}, {0, 0, 2}, {0, 0, 2}},
    {{1, 1, 31}, {1, 1, 1}, {1, 1, 1}, {0, 0, 15}, {0, 0, 15}},
    {{1, 9, 9}, {1, 1, 2}, {1, 1, 1}, {0, 4, 4}, {0, 4, 4}},
    {{3, 2, 3}, {2, 1, 1}, {1, 1, 1}, {1, 0, 1}, {1, 0, 1}},
};
const Size kSizes[] = {{1, 2, 1, {3, 9, 17}},
                       {2, 3, 2, {1, 14, 14}},
                       {1, 1, 1, {2, 40, 230}},
                       {1, 2, 1, {1, 7, 31}},
                       {1, 1, 3, {1, 64, 7}}};

enum class Kind { Depthwise, Max, Average, AverageIncludingPadding };

Spatial outputSize(const Size &s, const Case &c) {
  Spatial out;
  for (int i = 0; i < 3; ++i)
    out[i] = (s.input[i] + c.before[i] + c.after[i] - (c.window[i] - 1) * c.dilation[i] - 1) /
                 c.stride[i] +
             1;
  return out;
}

std::vector<double> reference(Kind kind, const Size &s, const Case &c, const GuardedArray<float> &x,
                              const GuardedArray<float> &f) {
  Spatial out = outputSize(s, c), at;
  int64_t outputs = s.channels * s.multiplier;
  std::vector<double> y;
  for (int64_t plane = 0; plane < s.n * outputs; ++plane)
    for (at[0] = 0; at[0] < out[0]; ++at[0])
      for (at[1] = 0; at[1] < out[1]; ++at[1])
        for (at[2] = 0; at[2] < out[2]; ++at[2]) {
          double sum = 0, max = -std::numeric_limits<double>::infinity();
          int64_t inside = 0, counted = 0, tap = 0;
          for (int64_t kd = 0; kd < c.window[0]; ++kd)
            for (int64_t kh = 0; kh < c.window[1]; ++kh)
              for (int64_t kw = 0; kw < c.window[2]; ++kw, ++tap) {
                Spatial k{kd, kh, kw}, p;
                bool in = true, count = true;
                for (int i = 0; i < 3; ++i) {
                  p[i] = at[i] * c.stride[i] - c.before[i] + k[i] * c.dilation[i];
                  in &= p[i] >= 0 && p[i] < s.input[i];
                  count &= p[i] < s.input[i] + c.after[i];
                }
                counted += count;
                if (!in)
                  continue;
                ++inside;
                int64_t from = plane / outputs * s.channels + plane % outputs / s.multiplier;
                double value =
                    x[((from * s.input[0] + p[0]) * s.input[1] + p[1]) * s.input[2] + p[2]];
                int64_t taps = c.window[0] * c.window[1] * c.window[2];
                sum += kind == Kind::Depthwise ? value * f[plane % outputs * taps + tap] : value;
                max = std::isnan(value) || std::isnan(max) ? NAN : std::max(max, value);
              }
          y.push_back(kind == Kind::Max                       ? max
                      : kind == Kind::Average                 ? sum / inside
                      : kind == Kind::AverageIncludingPadding ? sum / counted
                                                              : sum);
        }
  return y;
}

class WindowTest : public ::testing::TestWithParam<const char *> {
protected:
  /// With inputs of f32, or a few of bf16.
  void check(Kind kind, bool narrow = false) {
    for (const Case &c : ArrayRef(kCases).take_front(narrow ? 4 : std::size(kCases)))
      check(kind, c, kSizes, /*known=*/false, narrow);
  }

  void check(Kind kind, const Case &c, ArrayRef<Size> sizes, bool known, bool narrow = false) {
    KernelHarness harness(GetParam(), 1);
    Type f32 = harness.f32(), stored = narrow ? harness.bf16() : f32;
    WindowSpec spec{stored, f32, c.window, c.stride, c.dilation, c.before};
    spec.joinsRows = known; // as what stores asks for no row
    WindowPlan plan = planWindow(spec, harness.target);
    harness.add("window", {stored, f32, f32}, 9, [&](Emitter &e, Kernel &k) {
      Values d = k.dims;
      for (size_t i = 0; known && i < d.size(); ++i)
        d[i] = e.index(dimsOf(sizes[0], c)[i]);
      WindowOperands ops{k.buffers[0], d[0], d[1], d[2], {d[3], d[4], d[5]}, {d[6], d[7], d[8]}};
      auto sink = [&](Value sum, const PixelPosition &at) {
        e.store(sum, k.buffers[2], at.offset, at.mask);
      };
      if (kind == Kind::Depthwise)
        emitDepthwise(e, spec, ops, k.buffers[1], k.begin, k.end, k.scratch, sink);
      else if (kind == Kind::Max)
        emitMaxPool(e, spec, ops, k.begin, k.end, k.scratch, sink);
      else
        emitAveragePool(e, spec, ops, kind == Kind::AverageIncludingPadding, c.after, k.begin,
                        k.end, k.scratch, sink);
    });
    LoadedKernels kernels = harness.compile();
    for (const Size &s : sizes)
      run(kind, s, c, plan, kernels, narrow);
  }

  static std::vector<int64_t> dimsOf(const Size &s, const Case &c) {
    Spatial out = outputSize(s, c);
    return {s.n,          s.channels * s.multiplier,
            s.multiplier, s.input[0],
            s.input[1],   s.input[2],
            out[0],       out[1],
            out[2]};
  }

  void run(Kind kind, const Size &s, const Case &c, const WindowPlan &plan,
           const LoadedKernels &kernels, bool narrow) {
    if (kind != Kind::Depthwise && s.multiplier != 1)
      return;
    Spatial out = outputSize(s, c);
    for (int i = 0; i < 3; ++i)
      if (s.input[i] + c.before[i] + c.after[i] < (c.window[i] - 1) * c.dilation[i] + 1)
        return;
    SCOPED_TRACE(testing::Message() << c.window[1] << "x" << c.window[2] << " stride "
                                    << c.stride[2] << " of " << s.input[1] << "x" << s.input[2]);
    GuardedArray<float> x(s.n * s.channels * s.input[0] * s.input[1] * s.input[2]);
    GuardedArray<float> f(s.channels * s.multiplier * c.window[0] * c.window[1] * c.window[2]);
    std::mt19937 random(1);
    std::uniform_real_distribution<float> uniform(-1, 1);
    for (float &value : x)
      value = uniform(random);
    for (float &value : f)
      value = uniform(random);
    if (kind == Kind::Max) // it stays, in every window that has it
      for (size_t i = 5; i < x.size(); i += 97)
        x[i] = NAN;
    GuardedArray<uint16_t> halves(narrow ? x.size() : 0);
    for (size_t i = 0; i < halves.size(); ++i) {
      uint32_t bits = std::bit_cast<uint32_t>(x[i]) & 0xffff0000;
      x[i] = std::bit_cast<float>(bits);
      halves[i] = bits >> 16;
    }
    std::vector<double> want = reference(kind, s, c, x, f);
    GuardedArray<float> y(want.size());
    int64_t outputs = s.channels * s.multiplier;
    const void *stored = narrow ? static_cast<const void *>(halves.data()) : x.data();
    kernels.call(0, {stored, f.data(), y.data()}, dimsOf(s, c), 0,
                 plan.gridPoints(s.n * outputs, out[0], out[1], out[2]), plan.scratchBytes);
    for (size_t i = 0; i < want.size(); ++i)
      if (kind == Kind::Max && std::isnan(want[i]))
        ASSERT_TRUE(std::isnan(y[i])) << i;
      else if (!std::isnan(want[i])) // a window of nothing but padding
        ASSERT_NEAR(y[i], want[i], 1e-5) << i;
  }
};

void checkBytes(const char *target, bool isSigned, int64_t kernel) {
  KernelHarness harness(target, 1);
  Type i8 = harness.integer(8), i32 = harness.integer(32);
  int64_t pad = kernel / 2, taps = kernel * kernel;
  Spatial window{1, kernel, kernel};
  Type accumulator = WindowSpec::byteAccumulator(i8.getContext(), window);
  EXPECT_EQ(accumulator.isF32(), kernel == 3);
  WindowSpec spec{i8, accumulator, window, {1, 2, 2}, {1, 1, 1}, {0, pad, pad}};
  spec.inputSigned = isSigned;
  spec.filterSigned = !isSigned;
  WindowPlan plan = planWindow(spec, harness.target);
  int32_t inputZero = isSigned ? -5 : 120, filterZero = isSigned ? 128 : 3;
  harness.add("window", {i8, i8, i32}, 6, [&](Emitter &e, Kernel &k) {
    auto &d = k.dims;
    Value one = e.index(1);
    WindowOperands ops{k.buffers[0], d[0], d[1], {}, {one, d[2], d[3]}, {one, d[4], d[5]}};
    auto constant = [&](int32_t value) -> Value {
      if (accumulator.isF32())
        return arith::ConstantOp::create(e.builder, e.loc, e.builder.getF32FloatAttr(value));
      return arith::ConstantIntOp::create(e.builder, e.loc, value, 32);
    };
    ops.inputZeroPoint = [&](Emitter &) { return constant(inputZero); };
    ops.filterZeroPoint = [&](Emitter &, Value) { return constant(filterZero); };
    emitDepthwise(e, spec, ops, k.buffers[1], k.begin, k.end, k.scratch,
                  [&](Value sum, const PixelPosition &at) {
                    if (accumulator.isF32())
                      sum = arith::FPToSIOp::create(e.builder, e.loc, e.vector(i32, at.lanes), sum);
                    e.store(sum, k.buffers[2], at.offset, at.mask);
                  });
  });
  LoadedKernels kernels = harness.compile();
  const int64_t channels = 3, h = 15, w = 37, oh = 8, ow = 19;
  GuardedArray<int8_t> x(channels * h * w), f(channels * taps);
  GuardedArray<int32_t> y(channels * oh * ow);
  std::mt19937 random(9);
  for (int8_t &value : x)
    value = random();
  for (int8_t &value : f)
    value = random();
  kernels.call(0, {x.data(), f.data(), y.data()}, {1, channels, h, w, oh, ow}, 0,
               plan.gridPoints(channels, 1, oh, ow), plan.scratchBytes);
  for (int64_t i = 0; i < channels * oh * ow; ++i) {
    int64_t c = i / (oh * ow), r = i / ow % oh, v = i % ow;
    int32_t want = 0;
    for (int64_t tap = 0; tap < taps; ++tap) {
      int64_t row = 2 * r - pad + tap / kernel, column = 2 * v - pad + tap % kernel;
      if (row < 0 || column < 0 || row >= h || column >= w)
        continue;
      int8_t a = x[(c * h + row) * w + column], b = f[c * taps + tap];
      want +=
          ((isSigned ? a : uint8_t(a)) - inputZero) * ((isSigned ? uint8_t(b) : b) - filterZero);
    }
    ASSERT_EQ(y[i], want) << kernel << ", " << i;
  }
}

TEST_P(WindowTest, Depthwise) { check(Kind::Depthwise); }
// Rows that are one vector with the pads beside them, and rows that are not.
TEST_P(WindowTest, DepthwiseOfKnownSizes) {
  const Case dilated{{1, 2, 3}, {1, 1, 1}, {1, 1, 2}, {0, 1, 1}, {0, 0, 3}};
  for (const Case &c : {kCases[0], kCases[9], dilated})
    for (const Size &s : {Size{2, 3, 2, {1, 14, 14}}, Size{1, 2, 1, {2, 9, 12}},
                          Size{1, 2, 1, {1, 5, 7}}, Size{1, 1, 1, {1, 6, 15}}})
      check(Kind::Depthwise, c, s, /*known=*/true);
}
// Rows of which vectors have several, in one tile and in more, with and without pads, of windows that make
// the plane higher and lower, and on all sides of windows that reach across it.
TEST_P(WindowTest, DepthwiseOfJoinedRows) {
  const Case low{{1, 2, 5}, {1, 1, 1}, {1, 2, 1}, {0, 0, 2}, {0, 0, 2}};
  const Case high{{1, 3, 3}, {1, 1, 1}, {1, 1, 2}, {0, 2, 3}, {0, 2, 1}};
  const Case across{{1, 7, 7}, {1, 1, 1}, {1, 1, 1}, {0, 3, 3}, {0, 3, 3}};
  for (const Case &c : {kCases[0], low, high, across})
    for (const Size &s : {Size{2, 3, 2, {1, 25, 5}}, Size{1, 3, 1, {1, 7, 7}},
                          Size{1, 2, 1, {1, 26, 9}}, Size{1, 5, 1, {1, 3, 3}}})
      check(Kind::Depthwise, c, s, /*known=*/true);
}
// Every second column, of tiles of known heights: with pads on both sides, in one vector and in several.
TEST_P(WindowTest, EverySecondColumnOfKnownSizes) {
  const Case padded{{1, 3, 3}, {1, 2, 2}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}};
  const Case apart{{1, 3, 2}, {1, 1, 2}, {1, 2, 1}, {0, 0, 1}, {0, 2, 1}};
  const Case deep{{2, 3, 3}, {2, 2, 2}, {1, 1, 1}, {1, 1, 2}, {0, 1, 1}};
  for (const Case &c : {padded, kCases[1], kCases[3], apart, deep})
    for (const Size &s : kSizes)
      for (Kind kind : {Kind::Depthwise, Kind::Max, Kind::Average})
        check(kind, c, s, /*known=*/true);
}
TEST_P(WindowTest, Max) { check(Kind::Max); }
TEST_P(WindowTest, OfNarrowElements) {
  check(Kind::Max, /*narrow=*/true);
  check(Kind::Average, /*narrow=*/true);
}
TEST_P(WindowTest, Average) { check(Kind::Average); }
TEST_P(WindowTest, AverageIncludingPadding) { check(Kind::AverageIncludingPadding); }

// Bytes with zero points, exact: in f32 for the small window, in i32 for the large one.
TEST_P(WindowTest, DepthwiseBytes) {
  for (bool isSigned : {false, true}) {
    checkBytes(GetParam(), isSigned, 3);
    checkBytes(GetParam(), isSigned, 17);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, WindowTest,
                         ::testing::Values("native", "x86-64-v4", "x86-64-v3", "x86-64-v2"));

} // namespace
