// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matrix products against plain loops, with sizes around every blocking.

#include <gtest/gtest.h>
#include <random>

#include "compiler/codegen/matmul/Matmul.h"
#include "tests/unit/codegen/KernelHarness.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace heddle::codegen;

namespace {

struct Size {
  int64_t batch, m, n, k;
};

const Size kSizes[] = {{1, 1, 1, 1},
                       {1, 1, 16, 3},
                       {1, 1, 100, 70},
                       {1, 2, 17, 5},
                       {1, 7, 47, 9},
                       {1, 8, 48, 33},
                       {1, 9, 49, 64},
                       {1, 13, 97, 100},
                       {2, 16, 96, 31},
                       {3, 17, 15, 2},
                       {1, 64, 64, 64},
                       {1, 65, 100, 513},
                       {2, 100, 33, 40},
                       {1, 129, 145, 1},
                       {1, 33, 200, 1100},
                       {1, 5, 7, 0},
                       {1, 0, 7, 3},
                       {2, 3, 0, 4},
                       {1, 10, 80, 300},
                       {2, 14, 50, 31},
                       {1, 16, 150, 300},
                       {1, 11, 200, 7},
                       {1, 15, 100, 97},
                       {1, 24, 33, 500},
                       {2, 20, 70, 100},
                       // many rows, depths that leave steps between turns of the loop
                       {1, 72, 112, 18},
                       {2, 25, 190, 47},
                       {1, 130, 210, 1031},
                       // few last columns, or no others; depths that fill vectors and do not
                       {1, 9, 3, 70},
                       {2, 5, 1, 45},
                       {1, 70, 2, 64},
                       {1, 1, 4, 33},
                       {3, 7, 35, 129},
                       {1, 20, 194, 80},
                       {1, 130, 100, 32},
                       // so few rows that a tile has four, five or six panels
                       {1, 2, 64, 9},
                       {2, 1, 80, 21},
                       {1, 2, 186, 35},
                       {1, 2, 95, 40},
                       // so few that neighbouring grid points are joined, with last columns and not
                       {1, 3, 500, 40},
                       {1, 16, 512, 200}};

// Of weights that no cache holds: other tiles.
const Size kLarge[] = {{1, 2, 1030, 4100}, {1, 4, 1030, 4100}, {1, 16, 1030, 4100}};

template <typename T> GuardedArray<T> randomArray(size_t size, unsigned seed) {
  GuardedArray<T> array(size);
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  for (T &value : array)
    value = uniform(random);
  return array;
}

class MatmulTest : public ::testing::TestWithParam<const char *> {};

template <typename T>
void check(const char *cpu, MatrixLayout aLayout, MatrixLayout bLayout, bool known = false,
           llvm::ArrayRef<Size> sizes = kSizes, bool inPlace = false) {
  KernelHarness harness(cpu, 1);
  Type type = sizeof(T) == 8 ? harness.f64() : harness.f32();
  MatmulSpec spec{type, type, type, aLayout, bLayout};
  for (const Size &s : sizes)
    if (known) {
      spec.rows.push_back(s.m);
      spec.columns.push_back(s.n);
    }
  spec.inPlace = inPlace;
  MatmulPlan plan = planMatmul(spec, harness.target);
  // C = A * B + bias[n]
  harness.add("product", {type, type, type, type}, 4, [&](Emitter &e, Kernel &k) {
    MatmulOperands ops{k.buffers[0], k.buffers[1], k.dims[0], k.dims[1], k.dims[2],
                       k.dims[3],    {},           {},        nullptr};
    if (known && sizes.size() == 1) {
      ops.batch = e.index(sizes[0].batch);
      ops.n = e.index(sizes[0].n);
      ops.k = e.index(sizes[0].k);
    }
    emitMatmul(e, spec, ops, k.begin, k.end, k.scratch, [&](Value acc, const MatmulPosition &at) {
      Value bias = e.load(k.buffers[2], at.n, at.lanes, at.mask);
      e.store(arith::AddFOp::create(e.builder, e.loc, acc, bias), k.buffers[3], at.offset, at.mask);
    });
  });
  harness.add("pack", {type, type}, 2, [&](Emitter &e, Kernel &k) {
    emitPackB(e, spec, false, k.buffers[0], k.buffers[1], k.dims[0], k.dims[1], k.begin, k.end);
  });
  harness.add("pack_transposed", {type, type}, 2, [&](Emitter &e, Kernel &k) {
    emitPackB(e, spec, true, k.buffers[0], k.buffers[1], k.dims[0], k.dims[1], k.begin, k.end);
  });
  LoadedKernels kernels = harness.compile();

  for (const Size &s : sizes) {
    SCOPED_TRACE(testing::Message() << s.batch << "x" << s.m << "x" << s.n << "x" << s.k);
    auto a = randomArray<T>(s.batch * s.m * s.k, 1), b = randomArray<T>(s.batch * s.k * s.n, 2);
    auto bias = randomArray<T>(s.n, 3);
    std::vector<double> want(s.batch * s.m * s.n);
    for (int64_t t = 0; t < s.batch; ++t)
      for (int64_t i = 0; i < s.m; ++i)
        for (int64_t j = 0; j < s.n; ++j) {
          double sum = bias[j];
          for (int64_t p = 0; p < s.k; ++p) {
            double x = aLayout == MatrixLayout::Transposed ? a[(t * s.k + p) * s.m + i]
                                                           : a[(t * s.m + i) * s.k + p];
            double y = bLayout == MatrixLayout::Transposed ? b[(t * s.n + j) * s.k + p]
                                                           : b[(t * s.k + p) * s.n + j];
            sum += x * y;
          }
          want[(t * s.m + i) * s.n + j] = sum;
        }
    int64_t panels = (s.n + plan.panel - 1) / plan.panel;
    GuardedArray<T> packed(s.batch * plan.packedElements(s.k, s.n));
    const T *second = b.data();
    if (bLayout == MatrixLayout::Packed) {
      kernels.call(1, {b.data(), packed.data()}, {s.n, s.k}, 0, s.batch * panels);
      second = packed.data();
      GuardedArray<T> turned(b.size()), packedTurned(packed.size());
      for (int64_t t = 0; t < s.batch; ++t)
        for (int64_t p = 0; p < s.k; ++p)
          for (int64_t j = 0; j < s.n; ++j)
            turned[(t * s.n + j) * s.k + p] = b[(t * s.k + p) * s.n + j];
      kernels.call(2, {turned.data(), packedTurned.data()}, {s.n, s.k}, 0, s.batch * panels);
      for (size_t i = 0; i < packed.size(); ++i) {
        int64_t panel = i / plan.panel / std::max<int64_t>(s.k, 1) % panels;
        if (int64_t(panel * plan.panel + i % plan.panel) < s.n)
          ASSERT_EQ(packed[i], packedTurned[i]) << i;
      }
    }
    GuardedArray<T> c(want.size()), again(want.size());
    std::fill(c.begin(), c.end(), T(99));
    int64_t points = plan.gridPoints(s.batch, s.m, s.n);
    kernels.call(0, {a.data(), second, bias.data(), c.data()}, {s.batch, s.m, s.n, s.k}, 0, points,
                 plan.scratchBytes(s.k));
    for (size_t i = 0; i < want.size(); ++i)
      ASSERT_NEAR(c[i], want[i], (sizeof(T) == 8 ? 1e-12 : 2e-5) * (1 + s.k / 100.0)) << i;
    for (int64_t point = points - 1; point >= 0; --point)
      kernels.call(0, {a.data(), second, bias.data(), again.data()}, {s.batch, s.m, s.n, s.k},
                   point, point + 1, plan.scratchBytes(s.k));
    for (size_t i = 0; i < want.size(); ++i)
      ASSERT_EQ(c[i], again[i]) << i;
    // Nor does it matter which points are neighbours.
    std::fill(again.begin(), again.end(), T(99));
    for (int64_t part = 0; part < 3; ++part)
      kernels.call(0, {a.data(), second, bias.data(), again.data()}, {s.batch, s.m, s.n, s.k},
                   points * part / 3, points * (part + 1) / 3, plan.scratchBytes(s.k));
    for (size_t i = 0; i < want.size(); ++i)
      ASSERT_EQ(c[i], again[i]) << i;
    // A row alone has the results that it has among others.
    bool alone = aLayout == MatrixLayout::RowMajor && bLayout == MatrixLayout::Packed && !known;
    for (int64_t row = 0; alone && row < s.m; row += 5) {
      kernels.call(0, {a.data() + row * s.k, second, bias.data(), again.data()}, {1, 1, s.n, s.k},
                   0, plan.gridPoints(1, 1, s.n), plan.scratchBytes(s.k));
      for (int64_t j = 0; j < s.n; ++j)
        ASSERT_EQ(c[row * s.n + j], again[j]) << row << " " << j;
    }
  }
}

TEST_P(MatmulTest, PackedF32) {
  check<float>(GetParam(), MatrixLayout::RowMajor, MatrixLayout::Packed);
}
TEST_P(MatmulTest, KnownSizes) {
  check<float>(GetParam(), MatrixLayout::RowMajor, MatrixLayout::Packed, true);
}
TEST_P(MatmulTest, OneKnownSize) {
  for (const Size &s :
       {Size{1, 1, 100, 70}, Size{1, 2, 186, 35}, Size{1, 4, 64, 40}, Size{1, 12, 150, 30},
        Size{1, 1, 1030, 4100}, Size{1, 4, 1030, 4100}, Size{1, 1, 500, 40}, Size{1, 16, 512, 200}})
    check<float>(GetParam(), MatrixLayout::RowMajor, MatrixLayout::Packed, true, s);
}
TEST_P(MatmulTest, LargeWeights) {
  check<float>(GetParam(), MatrixLayout::RowMajor, MatrixLayout::Packed, false, kLarge);
}
TEST_P(MatmulTest, PackedF64) {
  check<double>(GetParam(), MatrixLayout::RowMajor, MatrixLayout::Packed);
}
TEST_P(MatmulTest, TransposedA) {
  check<float>(GetParam(), MatrixLayout::Transposed, MatrixLayout::Packed);
}
TEST_P(MatmulTest, RowMajorB) {
  check<float>(GetParam(), MatrixLayout::RowMajor, MatrixLayout::RowMajor);
}
TEST_P(MatmulTest, InPlace) {
  for (const Size &s :
       {Size{1, 1, 16, 3}, Size{2, 34, 49, 34}, Size{1, 68, 196, 68}, Size{3, 17, 100, 6},
        Size{1, 9, 784, 96}, Size{1, 40, 345, 34}, Size{2, 20, 49, 136}, Size{1, 10, 50, 33},
        Size{1, 2, 195, 40}, Size{2, 75, 67, 40}}) {
    EXPECT_TRUE(staysInFirstCache(s.k, s.n));
    check<float>(GetParam(), MatrixLayout::RowMajor, MatrixLayout::RowMajor, true, s, true);
  }
  EXPECT_FALSE(staysInFirstCache(64, 4096)); // rows a multiple of the cache's ways apart
}
TEST_P(MatmulTest, TransposedB) {
  check<float>(GetParam(), MatrixLayout::RowMajor, MatrixLayout::Transposed);
}
TEST_P(MatmulTest, UnpackedF64) {
  check<double>(GetParam(), MatrixLayout::Transposed, MatrixLayout::Transposed);
  check<double>(GetParam(), MatrixLayout::Transposed, MatrixLayout::RowMajor);
}

INSTANTIATE_TEST_SUITE_P(Targets, MatmulTest,
                         ::testing::Values("native", "x86-64-v3", "x86-64-v2"));

} // namespace
