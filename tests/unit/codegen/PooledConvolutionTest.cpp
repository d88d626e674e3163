// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A pooled convolution has the bits of the convolution followed by pooling, or by a weighted sum
// for each channel, in plain loops, however its points are shared out.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "compiler/codegen/convolution/PooledConvolution.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "tests/unit/codegen/KernelHarness.h"

using namespace mlir;
using namespace heddle::codegen;

namespace {

struct Case {
  int64_t n, channels, outputs, inputHeight, inputWidth;
  int64_t window, stride, padding;              // of the convolution
  int64_t pool, poolStride, poolPad, pooledEnd; // pooledEnd: of padding after
};

const Case kCases[] = {
    {2, 3, 24, 61, 45, 3, 2, 0, 3, 2, 0, 0},    // no padding, ragged channels
    {1, 3, 64, 64, 64, 7, 2, 3, 3, 2, 1, 1},    // a network's stem
    {1, 16, 100, 30, 125, 3, 1, 1, 2, 2, 0, 0}, // no overlap, several blocks of channels
    {1, 2, 7, 40, 20, 3, 1, 1, 5, 1, 2, 2},     // overlap larger than a step
    {2, 3, 150, 37, 118, 3, 1, 1, 2, 2, 0, 0},  // the same, rows and columns left over
    {1, 16, 20, 9, 40, 3, 1, 1, 20, 20, 0, 0},  // windows of more columns than a tile
    {1, 4, 16, 9, 300, 3, 1, 1, 3, 3, 0, 2},    // rows and columns past the end
    {1, 1, 70, 200, 17, 5, 1, 2, 2, 1, 0, 1},   // many rows
};

const Case kWeightedCases[] = {
    {1, 16, 96, 61, 45, 1, 1, 0, 3, 2, 1, 1}, // a mobile network's first block, stride 2
    {2, 5, 20, 37, 64, 1, 1, 0, 3, 1, 1, 1},  // rows of whole vectors, ragged channels
    {1, 24, 70, 40, 20, 1, 1, 0, 5, 2, 2, 1}, // several tiles of channels, wider windows
    {1, 3, 8, 9, 14, 1, 1, 0, 3, 1, 0, 0},    // no padding
};

int64_t outputs(int64_t size, int64_t window, int64_t stride, int64_t before, int64_t after) {
  return (size + before + after - window) / stride + 1;
}

std::vector<float> poolRows(const Case &c, int64_t height, int64_t width, int64_t pooledHeight,
                            int64_t pooledWidth, const GuardedArray<float> &conv) {
  std::vector<float> result;
  for (int64_t plane = 0; plane < c.n * c.outputs; ++plane)
    for (int64_t y = 0; y < pooledHeight; ++y)
      for (int64_t x = 0; x < pooledWidth; ++x) {
        float most = -std::numeric_limits<float>::infinity();
        for (int64_t i = y * c.poolStride - c.poolPad; i < y * c.poolStride - c.poolPad + c.pool;
             ++i)
          for (int64_t j = x * c.poolStride - c.poolPad; j < x * c.poolStride - c.poolPad + c.pool;
               ++j)
            if (i >= 0 && j >= 0 && i < height && j < width) {
              float value = std::max(conv[(plane * height + i) * width + j], 0.0f) +
                            conv[(plane * height + i) * width + j] * 0; // NaN stays
              most = std::isnan(most) || std::isnan(value) ? NAN : std::max(most, value);
            }
        result.push_back(most);
      }
  return result;
}

std::vector<float> sumRows(const Case &c, int64_t height, int64_t width, int64_t pooledHeight,
                           int64_t pooledWidth, const GuardedArray<float> &conv,
                           const GuardedArray<float> &weights, bool fuses) {
  std::vector<float> result;
  for (int64_t plane = 0; plane < c.n * c.outputs; ++plane)
    for (int64_t y = 0; y < pooledHeight; ++y)
      for (int64_t x = 0; x < pooledWidth; ++x) {
        float sum = 0;
        for (int64_t h = 0; h < c.pool; ++h)
          for (int64_t w = 0; w < c.pool; ++w) {
            int64_t i = y * c.poolStride - c.poolPad + h, j = x * c.poolStride - c.poolPad + w;
            bool inside = i >= 0 && j >= 0 && i < height && j < width;
            float value = inside ? conv[(plane * height + i) * width + j] : 0;
            float relu = std::isnan(value) ? value : std::max(value, 0.0f);
            float weight = weights[(plane % c.outputs * c.pool + h) * c.pool + w];
            float product = relu * weight; // rounded before it is added
            sum = fuses ? std::fma(relu, weight, sum) : sum + product;
          }
        result.push_back(sum);
      }
  return result;
}

class PooledConvolutionTest : public ::testing::TestWithParam<const char *> {};

void check(const char *cpu, const Case &c, bool pixelsInLanes, bool weighted = false) {
  KernelHarness harness(cpu, 1);
  Type f32 = harness.f32();
  int64_t height = outputs(c.inputHeight, c.window, c.stride, c.padding, c.padding);
  int64_t width = outputs(c.inputWidth, c.window, c.stride, c.padding, c.padding);
  int64_t pooledHeight = outputs(height, c.pool, c.poolStride, c.poolPad, c.pooledEnd);
  int64_t pooledWidth = outputs(width, c.pool, c.poolStride, c.poolPad, c.pooledEnd);
  ConvolutionSpec convolution{.element = f32,
                              .window = {1, c.window, c.window},
                              .stride = {1, c.stride, c.stride},
                              .padding = {0, c.padding, c.padding}};
  convolution.padded = c.padding != 0;
  WindowSpec window{.element = f32,
                    .accumulator = f32,
                    .window = {1, c.pool, c.pool},
                    .stride = {1, c.poolStride, c.poolStride},
                    .padding = {0, c.poolPad, c.poolPad}};
  PooledSpec spec{convolution, window,       c.channels,  height,        width,
                  c.outputs,   pooledHeight, pooledWidth, pixelsInLanes, weighted};
  PooledPlan plan = planPooledConvolution(spec, harness.target);
  ConvolutionPlan plain = planConvolution(convolution, harness.target);
  auto operands = [&](Emitter &e, Kernel &k) {
    Value one = e.index(1);
    return ConvolutionOperands{k.buffers[0],
                               k.buffers[1],
                               e.index(c.n),
                               one,
                               e.index(c.channels),
                               e.index(c.outputs),
                               {one, e.index(c.inputHeight), e.index(c.inputWidth)},
                               {one, e.index(height), e.index(width)}};
  };
  harness.add("pooled", {f32, f32, f32, f32}, 0, [&](Emitter &e, Kernel &k) {
    emitPooledConvolution(
        e, spec, operands(e, k), weighted ? k.buffers[3] : Value(), k.begin, k.end, k.scratch,
        [&](Value acc, const PixelPosition &at) -> Value {
          return arith::MaximumFOp::create(e.builder, e.loc, acc, e.zero(acc.getType()));
        },
        [&](Value most, const PixelPosition &at) {
          e.store(most, k.buffers[2], at.offset, at.mask);
        });
  });
  harness.add("convolution", {f32, f32, f32}, 0, [&](Emitter &e, Kernel &k) {
    emitConvolution(e, convolution, operands(e, k), k.begin, k.end, k.scratch,
                    [&](Value acc, const PixelPosition &at) {
                      e.store(acc, k.buffers[2], at.offset, at.mask);
                    });
  });
  harness.add("pack", {f32, f32}, 0, [&](Emitter &e, Kernel &k) {
    emitPackFilter(e, convolution, k.buffers[0], k.buffers[1], e.index(1), e.index(c.outputs),
                   e.index(c.channels), k.begin, k.end);
  });
  LoadedKernels kernels = harness.compile();

  std::mt19937 random(7);
  std::uniform_real_distribution<float> uniform(-1, 1);
  GuardedArray<float> x(c.n * c.channels * c.inputHeight * c.inputWidth);
  GuardedArray<float> f(c.outputs * c.channels * c.window * c.window);
  for (float &value : x)
    value = uniform(random);
  for (float &value : f)
    value = uniform(random);
  x[x.size() / 3] = NAN;
  GuardedArray<float> packed(plain.packedElements(1, c.outputs, c.channels, c.window * c.window));
  kernels.call(2, {f.data(), packed.data()}, {}, 0, (c.outputs + plain.panel - 1) / plain.panel);
  GuardedArray<float> conv(c.n * c.outputs * height * width);
  kernels.call(1, {x.data(), packed.data(), conv.data()}, {}, 0,
               plain.gridPoints(c.n, 1, c.outputs, 1, height, width),
               plain.scratchBytes(c.channels));
  GuardedArray<float> weights(c.outputs * c.pool * c.pool);
  for (float &value : weights)
    value = uniform(random);
  std::vector<float> want = weighted ? sumRows(c, height, width, pooledHeight, pooledWidth, conv,
                                               weights, harness.target.has("fma"))
                                     : poolRows(c, height, width, pooledHeight, pooledWidth, conv);
  int64_t points = c.n * plan.pointsOfImage;
  for (int64_t cut : {int64_t(0), points / 2, points - 1}) {
    GuardedArray<float> y(want.size());
    kernels.call(0, {x.data(), packed.data(), y.data(), weights.data()}, {}, cut, points,
                 plan.scratchBytes);
    kernels.call(0, {x.data(), packed.data(), y.data(), weights.data()}, {}, 0, cut,
                 plan.scratchBytes);
    for (size_t i = 0; i < want.size(); ++i)
      if (std::isnan(want[i]))
        ASSERT_TRUE(std::isnan(y[i])) << i;
      else
        ASSERT_EQ(y[i], want[i]) << i << " of " << want.size() << ", cut at " << cut;
  }
}

TEST_P(PooledConvolutionTest, HasTheBitsOfBoth) {
  for (const Case &c : kCases) {
    SCOPED_TRACE(testing::Message() << c.channels << " to " << c.outputs << " channels, "
                                    << c.inputHeight << "x" << c.inputWidth << ", pool " << c.pool);
    check(GetParam(), c, /*pixelsInLanes=*/false);
  }
}

TEST_P(PooledConvolutionTest, HasTheBitsOfBothWithPixelsInLanes) {
  for (const Case &c : kCases) {
    SCOPED_TRACE(testing::Message() << c.channels << " to " << c.outputs << " channels, "
                                    << c.inputHeight << "x" << c.inputWidth << ", pool " << c.pool);
    check(GetParam(), c, /*pixelsInLanes=*/true);
  }
}

TEST_P(PooledConvolutionTest, SumsWindowsWithTheBitsOfBoth) {
  for (const Case &c : kWeightedCases)
    for (bool pixelsInLanes : {false, true}) {
      SCOPED_TRACE(testing::Message() << c.channels << " to " << c.outputs << " channels, "
                                      << c.inputHeight << "x" << c.inputWidth << ", window "
                                      << c.pool << (pixelsInLanes ? ", pixels in lanes" : ""));
      check(GetParam(), c, pixelsInLanes, /*weighted=*/true);
    }
}

INSTANTIATE_TEST_SUITE_P(Targets, PooledConvolutionTest,
                         ::testing::Values("x86-64-v2", "x86-64-v3", "x86-64-v4"));

} // namespace
