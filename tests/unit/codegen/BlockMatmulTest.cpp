// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products with codes of few bits, as exact as those of floats.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "compiler/codegen/matmul/BlockMatmul.h"
#include "tests/unit/codegen/KernelHarness.h"

using namespace mlir;
using namespace heddle::codegen;

namespace {

struct Size {
  int64_t m, n, blocks;
};
// A row, tiles of several, and both; columns that are panels, tiles of panels, and less.
const Size kSizes[] = {{1, 1, 1}, {1, 64, 3}, {1, 150, 2}, {3, 32, 4}, {5, 100, 3}, {101, 40, 2}};

class BlockMatmulTest : public ::testing::TestWithParam<const char *> {
protected:
  void check(int64_t bits, int64_t block, bool hasZeroPoints) {
    KernelHarness harness(GetParam(), 1);
    BlockMatmulSpec spec{bits, block, int64_t(1) << (bits - 1)};
    plan = planBlockMatmul(spec, harness.target);
    Type f32 = harness.f32(), i8 = harness.integer(8);
    harness.add("product", {f32, i8, f32, f32, f32}, 3, [&](Emitter &e, Kernel &k) {
      BlockMatmulOperands ops{
          k.buffers[0], k.buffers[1], k.buffers[2], hasZeroPoints ? k.buffers[3] : Value(),
          k.dims[0],    k.dims[1],    k.dims[2]};
      emitBlockMatmul(e, spec, ops, k.begin, k.end, k.scratch,
                      [&](Value sums, const MatmulPosition &at) {
                        e.store(sums, k.buffers[4], at.offset, at.mask);
                      });
    });
    harness.add("pack_codes", {i8, i8}, 2, [&](Emitter &e, Kernel &k) {
      Type i32 = e.builder.getI32Type();
      emitPackColumns(e, e.view(k.buffers[0], int64_t(0), i32),
                      e.view(k.buffers[1], int64_t(0), i32), k.dims[0], k.dims[1], k.begin, k.end);
    });
    harness.add("pack_numbers", {f32, f32}, 2, [&](Emitter &e, Kernel &k) {
      emitPackColumns(e, k.buffers[0], k.buffers[1], k.dims[0], k.dims[1], k.begin, k.end);
    });
    LoadedKernels kernels = harness.compile();
    for (const Size &s : kSizes) {
      SCOPED_TRACE(testing::Message() << s.m << "x" << s.n << "x" << s.blocks);
      run(kernels, spec, s, hasZeroPoints);
    }
  }

private:
  void run(LoadedKernels &kernels, const BlockMatmulSpec &spec, const Size &s, bool hasZeroPoints) {
    int64_t depth = s.blocks * spec.block, panels = (s.n + 15) / 16;
    int64_t columnBytes = depth * spec.bits / 8;
    GuardedArray<float> a(s.m * depth), scales(s.n * s.blocks), points(s.n * s.blocks);
    GuardedArray<float> c(s.m * s.n), packedScales(panels * 16 * s.blocks),
        packedPoints(panels * 16 * s.blocks);
    GuardedArray<uint8_t> codes(s.n * columnBytes), packedCodes(panels * 16 * columnBytes);
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    for (float &x : a)
      x = normal(random) * (random() % 8 ? 1.0f : 100.0f);
    for (float &x : scales)
      x = normal(random);
    for (float &x : points)
      x = float(random() % 5) - 2;
    for (uint8_t &x : codes)
      x = static_cast<uint8_t>(random());
    // Numbers of a row that are infinite or none make it none.
    int64_t broken = s.m > 2 ? 1 : -1;
    if (broken >= 0)
      a[broken * depth + depth / 2] = s.m > 4 ? std::numeric_limits<float>::infinity()
                                              : std::numeric_limits<float>::quiet_NaN();
    kernels.call(1, {codes.data(), packedCodes.data()}, {s.n, columnBytes / 4}, 0, panels);
    kernels.call(2, {scales.data(), packedScales.data()}, {s.n, s.blocks}, 0, panels);
    kernels.call(2, {points.data(), packedPoints.data()}, {s.n, s.blocks}, 0, panels);
    int64_t grid = (s.m + plan.mBlock - 1) / plan.mBlock * ((s.n + plan.nBlock - 1) / plan.nBlock);
    int64_t scratch =
        plan.parkedBytes() + std::min(s.m, plan.mBlock) * s.blocks * plan.bytesOfBlock();
    // Points are cut somewhere, as for two threads.
    for (auto [begin, end] : {std::pair(int64_t(0), grid / 3), std::pair(grid / 3, grid)})
      kernels.call(
          0, {a.data(), packedCodes.data(), packedScales.data(), packedPoints.data(), c.data()},
          {s.m, s.n, s.blocks}, begin, end, scratch);
    for (int64_t i = 0; i < s.m; ++i)
      for (int64_t j = 0; j < s.n; ++j) {
        double want = 0, error = 0;
        for (int64_t k = 0; k < depth; ++k) {
          int64_t at = j * depth + k, perByte = 8 / spec.bits, of = j * s.blocks + k / spec.block;
          int code = codes[at / perByte] >> (at % perByte * spec.bits) & ((1 << spec.bits) - 1);
          double zero = double(spec.zeroPoint) + (hasZeroPoints ? points[of] : 0);
          double weight = (code - zero) * scales[of], x = a[i * depth + k];
          want += x * weight;
          // Sums are rounded, and numbers to 23 bits of the greatest of a block.
          const float *begin = &a[i * depth + k / spec.block * spec.block];
          double greatest = *std::max_element(begin, begin + spec.block, [](float x, float y) {
            return std::abs(x) < std::abs(y);
          });
          error += 5e-7 * std::abs(x * weight) + 1.2e-7 * std::abs(greatest * weight);
        }
        float got = c[i * s.n + j];
        if (i == broken)
          ASSERT_TRUE(std::isnan(got)) << i << " " << j << ": " << got;
        else
          ASSERT_NEAR(got, want, error) << i << " " << j;
      }
  }

  BlockMatmulPlan plan;
};

TEST_P(BlockMatmulTest, FourBits) {
  check(4, 32, false);
  check(4, 16, true);
  check(4, 128, true);
}
TEST_P(BlockMatmulTest, OtherBits) {
  check(2, 16, true);
  check(2, 64, false);
  check(8, 32, true);
  check(8, 256, false);
}

INSTANTIATE_TEST_SUITE_P(Targets, BlockMatmulTest,
                         ::testing::Values("native", "x86-64-v4", "x86-64-v3", "x86-64-v2"));

} // namespace
