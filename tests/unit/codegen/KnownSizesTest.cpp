// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where sizes are known, code is made for the tiles that exist, and for no others.

#include <gtest/gtest.h>

#include "compiler/codegen/convolution/Convolution.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "tests/unit/codegen/KernelHarness.h"

using namespace mlir;
using namespace heddle::codegen;

namespace {

using Lengths = SmallVector<int64_t>;

TEST(KnownSizesTest, PartsOfASize) {
  KernelHarness harness("x86-64-v4");
  harness.add("parts", {}, 1, [&](Emitter &e, Kernel &k) {
    EvenSplit even(e, e.index(40), 10), uneven(e, e.index(13), 4), unknown(e, k.dims[0], 4);
    EXPECT_EQ(even.knownLengths(), Lengths({10}));
    EXPECT_EQ(uneven.knownLengths(), Lengths({3, 4}));
    EXPECT_EQ(unknown.knownLengths(), Lengths());
    EXPECT_EQ(getConstantIntValue(even.length(e, k.dims[0])), 10);
    EXPECT_FALSE(getConstantIntValue(uneven.length(e, k.dims[0])));
  });
}

TEST(KnownSizesTest, WhatIsLeftOut) {
  KernelHarness harness("x86-64-v4");
  harness.add("control", {}, 1, [&](Emitter &e, Kernel &k) {
    Value no = e.less(e.index(1), e.index(0)), yes = e.less(e.index(0), e.index(1));
    std::string made;
    e.when(
        no, [&] { made += "a"; }, [&] { made += "b"; });
    e.when(
        yes, [&] { made += "c"; }, [&] { made += "d"; });
    e.when(no, [&] { made += "e"; });
    e.specialize(e.index(3), {1, 3, 5}, [&](int64_t number) { made += std::to_string(number); });
    e.specialize(e.index(4), {1, 3, 5}, [&](int64_t number) { made += std::to_string(number); });
    e.specialize(k.dims[0], {7, 8}, [&](int64_t number) { made += std::to_string(number); });
    Value chosen = e.choose(
        no, e.builder.getIndexType(), [&] { return Values{e.index(1)}; },
        [&] { return Values{e.index(2)}; })[0];
    EXPECT_EQ(made, "bc378");
    EXPECT_EQ(getConstantIntValue(chosen), 2);
  });
}

TEST(KnownSizesTest, LoopsOfAtMostOneTurn) {
  KernelHarness harness("x86-64-v4");
  harness.add("loops", {}, 1, [&](Emitter &e, Kernel &k) {
    auto carried = [&](int64_t low, int64_t high, int64_t step) {
      return e.loop(e.index(low), e.index(high), e.index(step), e.index(5),
                    [&](Value at, ValueRange sum) { return Values{e.add(sum[0], at)}; })[0];
    };
    EXPECT_EQ(getConstantIntValue(carried(2, 2, 1)), 5);
    EXPECT_EQ(getConstantIntValue(carried(2, 3, 1)), 7);
    EXPECT_EQ(getConstantIntValue(carried(2, 6, 4)), 7);
    EXPECT_FALSE(getConstantIntValue(carried(2, 7, 4)));
    int bodies = 0;
    e.loop(e.index(3), e.index(1), e.index(1), [&](Value) { ++bodies; });
    EXPECT_EQ(bodies, 0);
    e.loop(e.index(0), k.dims[0], e.index(1), [&](Value) { ++bodies; });
    EXPECT_EQ(bodies, 1);
  });
}

/// Width 0: as the caller says.
int64_t multiplyAddsOf(int64_t channels, int64_t outputs, int64_t height, int64_t width,
                       int64_t narrowWidth) {
  KernelHarness harness("x86-64-v4");
  Type f32 = harness.f32();
  ConvolutionSpec spec{.element = f32, .padded = false, .narrowWidth = narrowWidth};
  harness.add("convolution", {f32, f32, f32}, 1, [&](Emitter &e, Kernel &k) {
    Value one = e.index(1);
    SpatialValues size{one, e.index(height), width == 0 ? k.dims[0] : e.index(width)};
    ConvolutionOperands ops{k.buffers[0],      k.buffers[1],     one,  one,
                            e.index(channels), e.index(outputs), size, size};
    emitConvolution(e, spec, ops, k.begin, k.end, k.scratch,
                    [&](Value acc, const PixelPosition &at) {
                      e.store(acc, k.buffers[2], at.offset, at.mask);
                    });
  });
  std::string code = harness.print(Listing::LlvmIr),
              call = "call <16 x float> @llvm.fmuladd.v16f32";
  int64_t count = 0;
  for (size_t at = 0; (at = code.find(call, at)) != std::string::npos; ++at)
    ++count;
  return count;
}

TEST(KnownSizesTest, TilesOfAConvolution) {
  constexpr int64_t steps = 4; // at once
  // Two panels of channels.
  EXPECT_EQ(multiplyAddsOf(64, 64, 8, 13, 0), steps * 2 * 13);
  EXPECT_EQ(multiplyAddsOf(64, 64, 8, 40, 0), steps * 2 * (13 + 14));
  // Where it is not known, there are tiles of 2, 4, 6, ... pixels.
  EXPECT_EQ(multiplyAddsOf(64, 64, 8, 0, 0), steps * 2 * 56);
  // Three panels are two and one.
  EXPECT_EQ(multiplyAddsOf(64, 48, 8, 13, 0), steps * (2 + 1) * 13);
  // 15 rows of seven are two blocks of tiles of two rows and one.
  EXPECT_EQ(multiplyAddsOf(64, 64, 15, 7, 7), steps * 2 * (2 + 1) * 7);
}

} // namespace
