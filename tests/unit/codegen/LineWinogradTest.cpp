// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Winograd's minimal filtering along lines against plain loops and against direct convolution.

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "compiler/codegen/convolution/LineWinograd.h"
#include "tests/unit/codegen/MinimalFiltering.h"

using namespace mlir;
using namespace heddle::codegen;

namespace {

struct Size {
  int64_t n, channels, outputs, height, width;
  bool withinRows = false;
  int64_t before = 0, after = 0; // padding along the window; within rows it is 1

  operator Filtering() const {
    if (withinRows)
      return {n, channels, outputs, height, width, {1, 1, 3}, {0, 0, 1}, {0, 0, 1}};
    return {n, channels, outputs, height, width, {1, 3, 1}, {0, before, 0}, {0, after, 0}};
  }
};

/// Both ways to compute one size.
class Pair : public DirectFiltering {
public:
  Pair(const char *cpu, const Size &size) : DirectFiltering(cpu, size) {
    spec = {convolution, f.channels, f.outputs, f.outputHeight(), f.outputWidth()};
    blocks = planLineWinograd(spec, harness.target);
    addFiltering("winograd",
                 [&](Emitter &e, Kernel &k, ConvolutionOperands operands, PixelSink sink) {
                   Value one = e.index(1); // planes are lines
                   operands.inputSize = {one, one, e.index(f.height * f.width)};
                   operands.outputSize = {one, one, e.index(f.outputHeight() * f.outputWidth())};
                   emitLineWinograd(e, spec, operands, k.begin, k.end, k.scratch, sink);
                 });
    harness.add("pack_winograd", {harness.f32(), harness.f32()}, 0, [&](Emitter &e, Kernel &k) {
      emitPackLineWinograd(e, convolution, k.buffers[0], k.buffers[1], e.index(f.outputs),
                           e.index(f.channels), k.begin, k.end);
    });
    kernels = harness.compile();
  }

  bool fits() const { return spec.fits(harness.target); }

  Array winograd(const Array &x, const Array &weights, bool backwards = false) {
    Array packed(blocks.packedElements), y(f.results());
    kernels.call(kFirstOwn + 1, {weights.data(), packed.data()}, {}, 0, panels(plan.panel));
    run(kFirstOwn, blocks.gridPoints(f.n, 1, f.outputs, 1, 1, f.outputHeight() * f.outputWidth()),
        blocks.scratchBytes(f.channels), x, packed, y, backwards);
    return y;
  }

private:
  LineWinogradSpec spec;
  LineWinogradPlan blocks;
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
    if (!pair.fits())
      continue;
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
    f[5] = 0; // 0 times infinity
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
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = i / (withinRows ? 1 : 8) % 4 < 2 ? 3e38f : -3e38f;
    for (float &weight : f)
      weight *= 1e-3f;
    std::vector<double> want = pair.exact(x, f);
    Array y = pair.winograd(x, f), direct = pair.direct(x, f);
    for (size_t i = 0; i < want.size(); ++i) {
      ASSERT_NEAR(y[i] / 1e35, want[i] / 1e35, 1e-3) << i;
      ASSERT_EQ(y[i], direct[i]) << i;
    }
  }
}

TEST_P(LineWinogradTest, PairsFillVectors) {
  EXPECT_FALSE(Pair(GetParam(), {1, 8, 8, 6, 7, true}).fits()); // pairs of two rows
  EXPECT_FALSE(Pair(GetParam(), {1, 8, 8, 6, 7}).fits());       // rows that vectors leave over
  EXPECT_FALSE(Pair(GetParam(), {1, 8, 8, 7, 64}).fits());      // a lone row
}

INSTANTIATE_TEST_SUITE_P(Targets, LineWinogradTest,
                         ::testing::Values("native", "x86-64-v3", "x86-64-v2"));

} // namespace
