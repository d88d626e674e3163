// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Winograd's minimal filtering against plain loops in double precision and against direct convolution.

#include <cmath>
#include <gtest/gtest.h>
#include <random>

#include "compiler/codegen/convolution/Winograd.h"
#include "tests/unit/codegen/MinimalFiltering.h"

using namespace mlir;
using namespace heddle::codegen;

namespace {

struct Size {
  int64_t n, channels, outputs, height, width;
  int64_t before = 1, after = 1; // padding of both axes

  operator Filtering() const {
    return {n, channels, outputs, height, width, {1, 3, 3}, {0, before, before}, {0, after, after}};
  }
};

struct Form {
  bool known = true;  // sizes of the plane
  bool joined = true; // rows
};

/// Both ways to compute one size.
class Pair : public DirectFiltering {
public:
  Pair(const char *cpu, const Size &size, Form form = {}) : DirectFiltering(cpu, size, form.known) {
    spec = {convolution, f.channels, f.outputs, {}, {}, form.joined};
    if (form.known) {
      spec.height = f.outputHeight();
      spec.width = f.outputWidth();
    }
    blocks = planWinograd(spec, harness.target);
    addFiltering("winograd",
                 [&](Emitter &e, Kernel &k, const ConvolutionOperands &operands, PixelSink sink) {
                   emitWinograd(e, spec, operands, k.begin, k.end, k.scratch, sink);
                 });
    harness.add("pack_winograd", {harness.f32(), harness.f32()}, 0, [&](Emitter &e, Kernel &k) {
      emitPackWinograd(e, convolution, k.buffers[0], k.buffers[1], e.index(f.outputs),
                       e.index(f.channels), k.begin, k.end);
    });
    kernels = harness.compile();
  }

  Array winograd(const Array &x, const Array &weights, bool backwards = false) {
    Array packed(blocks.packedElements), y(f.results());
    kernels.call(kFirstOwn + 1, {weights.data(), packed.data()}, {}, 0, panels(blocks.panel));
    ConvolutionBlocks grid = blocks;
    if (!spec.width) {
      auto parts = [](int64_t size, int64_t most) { return (size + most - 1) / most; };
      int64_t across = parts(f.outputWidth(), 2);
      grid.rowBlock = blocks.blockTiles() / parts(across, parts(across, blocks.columnTiles)) * 2;
    }
    run(kFirstOwn, grid.gridPoints(f.n, 1, f.outputs, 1, f.outputHeight(), f.outputWidth()),
        grid.scratchBytes(f.channels), x, packed, y, backwards);
    return y;
  }

private:
  WinogradSpec spec;
  WinogradPlan blocks;
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
    for (Input input : {Input{"around 0", -1, 1},
                        {"after Relu", 0, 1},
                        {"far from 0", 1000, 1001},
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
      for (auto [row, column] :
           std::vector<std::pair<int64_t, int64_t>>{{0, 0},
                                                    {0, 5},
                                                    {4, 0},
                                                    {5, 5},
                                                    {6, 7},
                                                    {size.height - 1, size.width - 1},
                                                    {size.height - 1, 3},
                                                    {2, size.width - 1}}) {
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
