// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What kernels ask for before they use it.

#include <gtest/gtest.h>

#include "compiler/codegen/convolution/Convolution.h"
#include "compiler/codegen/matmul/Matmul.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "tests/unit/codegen/KernelHarness.h"

using namespace mlir;
using namespace heddle::codegen;

namespace {

class RequestsTest : public testing::TestWithParam<const char *> {};

GuardedArray<float> zeros(size_t size) {
  GuardedArray<float> array(size);
  std::fill(array.begin(), array.end(), 0.0f);
  return array;
}

/// In place of a request.
void mark(Emitter &e, Value asked, Value offset) {
  Value one = arith::ConstantOp::create(e.builder, e.loc, e.builder.getF32FloatAttr(1));
  e.store(one, asked, offset);
}

// Every channel's results are asked for, however many blocks of input channels share them.
TEST_P(RequestsTest, OfConvolutionResults) {
  constexpr int64_t width = 20, outputs = 41;
  for (bool transposed : {false, true})
    for (int64_t channels : {5, 40, 600}) {
      int64_t inputWidth = transposed ? width / 2 : width;
      KernelHarness harness(GetParam(), /*optLevel=*/1);
      Type f32 = harness.f32();
      ConvolutionSpec spec{.element = f32, .padded = false, .transposed = transposed};
      spec.stride[2] = spec.window[2] = transposed ? 2 : 1;
      ConvolutionPlan plan = planConvolution(spec, harness.target);
      harness.add("convolution", {f32, f32, f32, f32}, 1, [&](Emitter &e, Kernel &k) {
        Value one = e.index(1);
        ConvolutionOperands ops{k.buffers[0],
                                k.buffers[1],
                                one,
                                one,
                                k.dims[0],
                                e.index(outputs),
                                {one, one, e.index(inputWidth)},
                                {one, one, e.index(width)}};
        ops.prefetch = [&](Emitter &inner, const PixelPosition &at) {
          mark(inner, k.buffers[3], at.offset);
        };
        emitConvolution(e, spec, ops, k.begin, k.end, k.scratch,
                        [&](Value acc, const PixelPosition &at) {
                          e.store(acc, k.buffers[2], at.offset, at.mask);
                        });
      });
      LoadedKernels kernels = harness.compile();
      GuardedArray<float> x = zeros(channels * inputWidth), y = zeros(outputs * width);
      GuardedArray<float> packed = zeros(plan.packedElements(1, outputs, channels, spec.window[2]));
      GuardedArray<float> asked = zeros(outputs * width);
      kernels.call(0, {x.data(), packed.data(), y.data(), asked.data()}, {channels}, 0,
                   plan.gridPoints(1, 1, outputs, 1, 1, width), plan.scratchBytes(channels));
      for (int64_t channel = 0; channel < outputs; ++channel)
        for (int64_t pixel : {int64_t(0), width - 1})
          EXPECT_EQ(asked[channel * width + pixel], 1) << channels << ": " << channel;
    }
}

// As are all rows of a product, whatever its depth is.
TEST_P(RequestsTest, OfProductResults) {
  constexpr int64_t rows = 37, columns = 70;
  for (auto layout : {MatrixLayout::RowMajor, MatrixLayout::Packed})
    for (int64_t depth : {3, 65, 1100}) {
      KernelHarness harness(GetParam(), /*optLevel=*/1);
      Type f32 = harness.f32();
      MatmulSpec spec{f32, f32, f32, MatrixLayout::RowMajor, layout};
      MatmulPlan plan = planMatmul(spec, harness.target);
      harness.add("product", {f32, f32, f32, f32}, 1, [&](Emitter &e, Kernel &k) {
        MatmulOperands ops{k.buffers[0],  k.buffers[1],     e.index(1),
                           e.index(rows), e.index(columns), k.dims[0]};
        ops.prefetch = [&](Emitter &inner, const MatmulPosition &at) {
          mark(inner, k.buffers[3], at.offset);
        };
        emitMatmul(e, spec, ops, k.begin, k.end, k.scratch,
                   [&](Value acc, const MatmulPosition &at) {
                     e.store(acc, k.buffers[2], at.offset, at.mask);
                   });
      });
      LoadedKernels kernels = harness.compile();
      GuardedArray<float> a = zeros(rows * depth), b = zeros(plan.packedElements(depth, columns));
      GuardedArray<float> c = zeros(rows * columns), asked = zeros(rows * columns);
      kernels.call(0, {a.data(), b.data(), c.data(), asked.data()}, {depth}, 0,
                   plan.gridPoints(1, rows, columns), plan.scratchBytes(depth));
      for (int64_t row = 0; row < rows; ++row)
        for (int64_t column = 0; column < columns; column += plan.panel)
          EXPECT_EQ(asked[row * columns + column], 1) << depth << ": " << row << ", " << column;
    }
}

// Three tiles of rows read a row-major B where it is, more pack it.
TEST_P(RequestsTest, OfFewRowsInPlace) {
  constexpr int64_t columns = 96, depth = 5;
  for (int64_t more : {0, 1}) {
    KernelHarness harness(GetParam(), /*optLevel=*/1);
    Type f32 = harness.f32();
    MatmulSpec spec{f32, f32, f32, MatrixLayout::RowMajor, MatrixLayout::RowMajor};
    MatmulPlan plan = planMatmul(spec, harness.target);
    int64_t rows = 3 * plan.rows + more;
    harness.add("product", {f32, f32, f32, harness.integer(8)}, 0, [&](Emitter &e, Kernel &k) {
      MatmulOperands ops{k.buffers[0],  k.buffers[1],     e.index(1),
                         e.index(rows), e.index(columns), e.index(depth)};
      emitMatmul(e, spec, ops, k.begin, k.end, k.buffers[3],
                 [&](Value acc, const MatmulPosition &at) {
                   e.store(acc, k.buffers[2], at.offset, at.mask);
                 });
    });
    LoadedKernels kernels = harness.compile();
    GuardedArray<float> a = zeros(rows * depth), b = zeros(depth * columns);
    GuardedArray<float> c = zeros(rows * columns);
    std::fill(b.begin(), b.end(), 1.0f);
    std::vector<char> scratch(plan.scratchBytes(depth) + 64);
    kernels.call(0, {a.data(), b.data(), c.data(), scratch.data()}, {}, 0,
                 plan.gridPoints(1, rows, columns));
    auto packed = scratch.begin() + plan.scratchFixed;
    bool isPacked = std::any_of(packed, scratch.end(), [](char byte) { return byte != 0; });
    EXPECT_EQ(isPacked, more == 1) << rows;
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, RequestsTest,
                         ::testing::Values("native", "x86-64-v3", "x86-64-v2"));

int64_t count(const std::string &code, const char *instruction) {
  int64_t count = 0;
  for (size_t at = 0; (at = code.find(instruction, at)) != std::string::npos; ++at)
    ++count;
  return count;
}

int64_t requestsOf(int64_t channels, int64_t window, int64_t stride) {
  KernelHarness harness("x86-64-v4");
  Type f32 = harness.f32();
  ConvolutionSpec spec{
      .element = f32, .window = {1, 1, window}, .stride = {1, 1, stride}, .padded = false};
  harness.add("convolution", {f32, f32, f32}, 0, [&](Emitter &e, Kernel &k) {
    Value one = e.index(1), pixels = e.index(14);
    ConvolutionOperands ops{k.buffers[0],
                            k.buffers[1],
                            one,
                            one,
                            e.index(channels),
                            e.index(32),
                            {one, one, e.index(13 * stride + window)},
                            {one, one, pixels}};
    emitConvolution(e, spec, ops, k.begin, k.end, k.scratch,
                    [&](Value acc, const PixelPosition &at) {
                      e.store(acc, k.buffers[2], at.offset, at.mask);
                    });
  });
  return count(harness.print(Listing::Assembly), "prefetcht0");
}

// A tile asks for its input where that and the filters are more than stays in the first cache: the
// lines of the first and the last of 14 pixels, of every eighth with stride 2, for each of the four
// channels of a turn of the loop.
TEST(DistantInput, IsAskedFor) {
  EXPECT_EQ(requestsOf(32, 1, 1), 0);
  EXPECT_EQ(requestsOf(256, 1, 1), 4 * 2);
  EXPECT_EQ(requestsOf(256, 1, 2), 4 * 3);
  EXPECT_EQ(requestsOf(256, 3, 1), 0); // each would be asked for by three windows
}

// Tiles of many rows ask for the columns to the right of theirs where these are read in place, planes
// apart: the lines of the three panels.
TEST(ColumnsInPlace, AreAskedFor) {
  for (int64_t rows : {24, 64}) {
    KernelHarness harness("x86-64-v4");
    Type f32 = harness.f32();
    MatmulSpec spec{f32, f32, f32, MatrixLayout::RowMajor, MatrixLayout::RowMajor};
    spec.rows = {rows};
    spec.columns = {480};
    spec.inPlace = true;
    harness.add("product", {f32, f32, f32}, 0, [&](Emitter &e, Kernel &k) {
      MatmulOperands ops{k.buffers[0],  k.buffers[1], e.index(1),
                         e.index(rows), e.index(480), e.index(96)};
      ops.prefetch = [](Emitter &, const MatmulPosition &) {};
      emitMatmul(e, spec, ops, k.begin, k.end, k.scratch, [&](Value acc, const MatmulPosition &at) {
        e.store(acc, k.buffers[2], at.offset, at.mask);
      });
    });
    int64_t asked = count(harness.print(Listing::Assembly), "prefetcht0");
    EXPECT_GT(asked, 0) << rows;
    EXPECT_EQ(asked % 3, 0) << rows;
  }
}

// What will be written is asked for to be written, by CPUs that can: else a line that another core has
// is asked for twice, and the second time is while it is stored.
TEST(Results, AreAskedForToBeWritten) {
  for (const char *cpu : {"znver5", "sapphirerapids", "x86-64-v4"}) {
    KernelHarness harness(cpu);
    harness.add("ask", {harness.f32(), harness.f32()}, 0, [&](Emitter &e, Kernel &k) {
      for (bool isWrite : {false, true})
        memref::PrefetchOp::create(e.builder, e.loc, k.buffers[isWrite], ValueRange{k.begin},
                                   isWrite, /*localityHint=*/3, /*isDataCache=*/true);
    });
    std::string code = harness.print(Listing::Assembly);
    bool isGeneric = cpu == std::string("x86-64-v4");
    EXPECT_EQ(count(code, "prefetchw"), isGeneric ? 0 : 1) << cpu;
    EXPECT_EQ(count(code, "prefetcht0"), isGeneric ? 2 : 1) << cpu;
  }
}

} // namespace
