// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of bytes with zero points, exact.

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
const Size kSizes[] = {{1, 1, 1, 1},     {1, 1, 16, 4},    {2, 1, 100, 70},   {1, 9, 49, 63},
                       {1, 64, 64, 64},  {2, 70, 33, 41},  {1, 17, 130, 300}, {1, 3, 5, 0},
                       {2, 24, 70, 500}, {1, 15, 50, 130}, {2, 16, 50, 130},  {1, 600, 50, 33}};

class ByteMatmulTest : public ::testing::TestWithParam<const char *> {
protected:
  void check(bool aSigned, bool bSigned, MatrixLayout layout, bool zeroPoints) {
    KernelHarness harness(GetParam(), 1);
    Type i8 = harness.integer(8), i32 = harness.integer(32);
    MatmulSpec spec{i8, i8, i32, MatrixLayout::RowMajor, layout, aSigned, bSigned};
    MatmulPlan plan = planMatmul(spec, harness.target);
    harness.add("product", {i8, i8, i32, i32, i32}, 4, [&](Emitter &e, Kernel &k) {
      MatmulOperands ops{k.buffers[0], k.buffers[1], k.dims[0], k.dims[1], k.dims[2], k.dims[3]};
      if (zeroPoints) {
        ops.aZeroPoint = [&](Emitter &e, Value m) { return e.load(k.buffers[2], m); };
        ops.bZeroPoint = [&](Emitter &e, Value n, int64_t lanes, Value mask) {
          return e.load(k.buffers[3], n, lanes, mask);
        };
      }
      emitMatmul(e, spec, ops, k.begin, k.end, k.scratch, [&](Value acc, const MatmulPosition &at) {
        e.store(acc, k.buffers[4], at.offset, at.mask);
      });
    });
    harness.add("pack", {i8, i8}, 2, [&](Emitter &e, Kernel &k) {
      emitPackB(e, spec, false, k.buffers[0], k.buffers[1], k.dims[0], k.dims[1], k.begin, k.end);
    });
    LoadedKernels kernels = harness.compile();
    for (const Size &s : kSizes) {
      SCOPED_TRACE(testing::Message() << s.m << "x" << s.n << "x" << s.k);
      GuardedArray<int8_t> a(s.batch * s.m * s.k), b(s.batch * s.k * s.n);
      GuardedArray<int32_t> x(s.m), y(s.n), c(s.batch * s.m * s.n);
      std::mt19937 random(7);
      for (int8_t &value : a)
        value = random();
      for (int8_t &value : b)
        value = random();
      for (int32_t &value : x)
        value = aSigned ? int8_t(random()) : uint8_t(random());
      for (int32_t &value : y)
        value = bSigned ? int8_t(random()) : uint8_t(random());
      GuardedArray<int8_t> packed(s.batch * plan.packedElements(s.k, s.n));
      const int8_t *second = b.data();
      if (layout == MatrixLayout::Packed) {
        kernels.call(1, {b.data(), packed.data()}, {s.n, s.k}, 0,
                     s.batch * ((s.n + plan.panel - 1) / plan.panel));
        second = packed.data();
      }
      kernels.call(0, {a.data(), second, x.data(), y.data(), c.data()}, {s.batch, s.m, s.n, s.k}, 0,
                   plan.gridPoints(s.batch, s.m, s.n), plan.scratchBytes(s.k));
      for (int64_t t = 0; t < s.batch; ++t)
        for (int64_t i = 0; i < s.m; ++i)
          for (int64_t j = 0; j < s.n; ++j) {
            int32_t want = 0;
            for (int64_t p = 0; p < s.k; ++p) {
              int8_t u = a[(t * s.m + i) * s.k + p];
              int8_t v = layout == MatrixLayout::Transposed ? b[(t * s.n + j) * s.k + p]
                                                            : b[(t * s.k + p) * s.n + j];
              int32_t left = aSigned ? u : uint8_t(u), right = bSigned ? v : uint8_t(v);
              want += zeroPoints ? (left - x[i]) * (right - y[j]) : left * right;
            }
            ASSERT_EQ(c[(t * s.m + i) * s.n + j], want) << t << " " << i << " " << j;
          }
    }
  }
};

TEST_P(ByteMatmulTest, UnsignedTimesSigned) { check(false, true, MatrixLayout::Packed, false); }
TEST_P(ByteMatmulTest, OtherSigns) {
  check(true, true, MatrixLayout::Packed, true);
  check(false, false, MatrixLayout::Packed, true);
  check(true, false, MatrixLayout::Packed, false);
}
TEST_P(ByteMatmulTest, Unpacked) {
  check(false, true, MatrixLayout::RowMajor, true);
  check(true, false, MatrixLayout::Transposed, true);
}

INSTANTIATE_TEST_SUITE_P(Targets, ByteMatmulTest,
                         ::testing::Values("native", "sapphirerapids", "x86-64-v4", "x86-64-v3",
                                           "x86-64-v2"));

} // namespace
