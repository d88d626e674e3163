// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of f32 rounded to bf16: by this CPU's tiles or vectors, and by emulated tiles anywhere.

#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <sstream>

#include "compiler/codegen/TileMath.h"
#include "compiler/codegen/matmul/Matmul.h"
#include "compiler/codegen/matmul/TileRegisters.h"
#include "tests/unit/codegen/KernelHarness.h"
#include "tests/unit/codegen/TileEmulator.h"

using namespace mlir;
using namespace heddle::codegen;

namespace {

float rounded(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  bits += 0x7fff + (bits >> 16 & 1);
  return std::bit_cast<float>(bits & 0xffff0000);
}

struct Size {
  int64_t batch, m, n, k;
};
const Size kSizes[] = {{1, 1, 1, 1},     {1, 1, 16, 2},     {2, 1, 100, 70},   {1, 9, 49, 63},
                       {1, 64, 64, 64},  {2, 70, 33, 41},   {1, 17, 130, 300}, {1, 3, 5, 0},
                       {1, 33, 300, 95}, {1, 150, 40, 600}, {1, 15, 70, 90},   {2, 16, 70, 90},
                       {1, 600, 50, 33}};

class PairMatmulTest : public ::testing::TestWithParam<const char *> {
protected:
  bool emulates() const { return GetParam() == std::string("sapphirerapids"); }

  /// Whether the product of these is what it should be; `edit` may change A first.
  void check(MatrixLayout aLayout, bool bTransposed, const std::vector<Size> &sizes,
             const std::function<void(GuardedArray<float> &)> &edit = nullptr) {
    KernelHarness harness(GetParam(), 1);
    // Tiles are emulated, what prepares their operands is not.
    if (!TileMath::hasPairs(KernelHarness("native").target))
      GTEST_SKIP() << "this CPU has no products of bf16";
    Type f32 = harness.f32(), bf16 = harness.bf16();
    MatmulSpec spec{f32, bf16, f32, aLayout, MatrixLayout::Packed};
    spec.pairs = true;
    MatmulPlan plan = planMatmul(spec, harness.target);
    EXPECT_EQ(plan.tiles, hasPairTiles(harness.target));
    harness.add("product", {f32, bf16, f32}, 4, [&](Emitter &e, Kernel &k) {
      MatmulOperands ops{k.buffers[0], k.buffers[1], k.dims[0], k.dims[1], k.dims[2], k.dims[3]};
      emitMatmul(e, spec, ops, k.begin, k.end, k.scratch, [&](Value acc, const MatmulPosition &at) {
        e.store(acc, k.buffers[2], at.offset, at.mask);
      });
    });
    harness.add("pack", {f32, bf16}, 2, [&](Emitter &e, Kernel &k) {
      emitPackB(e, spec, bTransposed, k.buffers[0], k.buffers[1], k.dims[0], k.dims[1], k.begin,
                k.end);
    });
    LoadedKernels kernels = harness.compile();
    for (const Size &s : sizes) {
      SCOPED_TRACE(testing::Message() << s.m << "x" << s.n << "x" << s.k);
      GuardedArray<float> a(s.batch * s.m * s.k), b(s.batch * s.k * s.n), c(s.batch * s.m * s.n);
      std::mt19937 random(7);
      std::uniform_real_distribution<float> numbers(-2, 2);
      for (float &value : a)
        value = numbers(random);
      for (float &value : b)
        value = numbers(random);
      if (edit)
        edit(a);
      GuardedArray<uint16_t> packed(s.batch * plan.packedElements(s.k, s.n));
      int64_t points = plan.gridPoints(s.batch, s.m, s.n);
      kernels.call(1, {b.data(), packed.data()}, {s.n, s.k}, 0,
                   s.batch * ((s.n + plan.panel - 1) / plan.panel));
      auto run = [&](GuardedArray<float> &result, int64_t step) {
        for (int64_t begin = 0; begin < points; begin += step)
          kernels.call(0, {a.data(), packed.data(), result.data()}, {s.batch, s.m, s.n, s.k}, begin,
                       std::min(points, begin + step), plan.scratchBytes(s.k));
      };
      takeTileUse();
      run(c, points);
      TileUse use = takeTileUse();
      EXPECT_FALSE(use.configured) << "tiles were not released";
      EXPECT_EQ(use.products > 0, emulates() && s.k > 0);
      for (int64_t t = 0; t < s.batch; ++t)
        for (int64_t i = 0; i < s.m; ++i)
          for (int64_t j = 0; j < s.n; ++j) {
            double want = 0, magnitude = 0;
            for (int64_t p = 0; p < s.k; ++p) {
              bool turned = aLayout == MatrixLayout::Transposed;
              float u = a[t * s.m * s.k + (turned ? p * s.m + i : i * s.k + p)];
              float v = b[t * s.k * s.n + (bTransposed ? j * s.k + p : p * s.n + j)];
              double product = std::isnan(u) ? u : double(rounded(u)) * rounded(v);
              want += product;
              magnitude += std::abs(product);
            }
            float got = c[(t * s.m + i) * s.n + j];
            if (std::isnan(want))
              ASSERT_TRUE(std::isnan(got)) << i << " " << j;
            else
              ASSERT_NEAR(got, want, 1e-6 * magnitude + 1e-12) << t << " " << i << " " << j;
          }
      GuardedArray<float> cut(c.size());
      run(cut, 1); // the same bits however the grid is cut
      ASSERT_EQ(std::memcmp(cut.data(), c.data(), c.size() * sizeof(float)), 0);
    }
  }
};

TEST_P(PairMatmulTest, Sizes) {
  check(MatrixLayout::RowMajor, false, {std::begin(kSizes), std::end(kSizes)});
}
TEST_P(PairMatmulTest, TransposedOperands) {
  check(MatrixLayout::Transposed, true, {{1, 9, 49, 63}, {2, 40, 33, 41}});
}
TEST_P(PairMatmulTest, NanAndTiesStayWhatTheyAre) {
  check(MatrixLayout::RowMajor, false, {{1, 20, 40, 33}}, [](GuardedArray<float> &a) {
    a[0] = std::bit_cast<float>(0x7f800001u);  // all of its payload would be cut off
    a[40] = std::bit_cast<float>(0x3f808000u); // a tie: down to even
    a[41] = std::bit_cast<float>(0x3f818000u); // up
  });
}

// What only a CPU with tiles can run has at least to be there, with every register where it was put.
TEST(TileCodeTest, HasTheInstructionsAndNoSpills) {
  for (bool bytes : {false, true}) {
    KernelHarness harness("sapphirerapids");
    Type f32 = harness.f32(), bf16 = harness.bf16(), i8 = harness.integer(8);
    MatmulSpec spec{f32, bf16, f32};
    spec.pairs = !bytes;
    if (bytes)
      spec = {i8, i8, harness.integer(32), MatrixLayout::RowMajor, MatrixLayout::Packed};
    harness.add("product", {spec.a, spec.b, spec.accumulator}, 4, [&](Emitter &e, Kernel &k) {
      MatmulOperands ops{k.buffers[0], k.buffers[1], k.dims[0], k.dims[1], k.dims[2], k.dims[3]};
      emitMatmul(e, spec, ops, k.begin, k.end, k.scratch, [&](Value acc, const MatmulPosition &at) {
        e.store(acc, k.buffers[2], at.offset, at.mask);
      });
    });
    std::istringstream code(harness.print(Listing::Assembly));
    std::map<std::string, int> counts;
    for (std::string line; std::getline(code, line);)
      for (const char *name : {"ldtilecfg", "tilerelease", "tilezero", "tileloadd", "tilestored",
                               "tdpbf16ps", "tdpbusd"})
        if (line.find(name) != std::string::npos) {
          ++counts[name];
          EXPECT_EQ(line.find("%rsp"), std::string::npos) << line;
        }
    // One and two blocks of rows by one and two panels.
    EXPECT_EQ(counts[bytes ? "tdpbusd" : "tdpbf16ps"], 1 + 2 + 2 + 4);
    EXPECT_EQ(counts["tileloadd"], 2 + 3 + 3 + 4);
    EXPECT_EQ(counts["tilezero"], 9);
    EXPECT_EQ(counts["tilestored"], 9);
    EXPECT_EQ(counts["ldtilecfg"], 1);
    EXPECT_EQ(counts["tilerelease"], 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, PairMatmulTest, ::testing::Values("native", "sapphirerapids"));

} // namespace
