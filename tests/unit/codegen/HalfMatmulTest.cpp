// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of operands stored as f16 or bf16, accumulated in f32. The numbers are multiples of 1/8
// and small, so that sums are exact.

#include <bit>
#include <gtest/gtest.h>
#include <random>

#include "compiler/codegen/matmul/Matmul.h"
#include "tests/unit/codegen/KernelHarness.h"

using namespace mlir;
using namespace heddle::codegen;

namespace {

uint16_t encode(float value, bool brain) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if (brain)
    return bits >> 16;
  if (value == 0)
    return 0;
  return (bits >> 16 & 0x8000) | ((bits >> 23 & 0xff) - 112) << 10 | (bits >> 13 & 0x3ff);
}

class HalfMatmulTest : public ::testing::TestWithParam<const char *> {
protected:
  // Which operands are stored narrow.
  void check(bool brain, bool narrowA, bool narrowB, MatrixLayout layout) {
    KernelHarness harness(GetParam(), 1);
    Type narrow = brain ? harness.bf16() : harness.f16(), f32 = harness.f32();
    MatmulSpec spec{narrowA ? narrow : f32, narrowB ? narrow : f32, f32, MatrixLayout::RowMajor,
                    layout};
    MatmulPlan plan = planMatmul(spec, harness.target);
    harness.add("product", {spec.a, spec.b, narrow}, 4, [&](Emitter &e, Kernel &k) {
      MatmulOperands ops{k.buffers[0], k.buffers[1], k.dims[0], k.dims[1], k.dims[2], k.dims[3]};
      emitMatmul(e, spec, ops, k.begin, k.end, k.scratch, [&](Value acc, const MatmulPosition &at) {
        e.store(e.convertFloat(acc, narrow), k.buffers[2], at.offset, at.mask);
      });
    });
    harness.add("pack", {spec.b, spec.b}, 2, [&](Emitter &e, Kernel &k) {
      emitPackB(e, spec, false, k.buffers[0], k.buffers[1], k.dims[0], k.dims[1], k.begin, k.end);
    });
    LoadedKernels kernels = harness.compile();
    for (auto [m, n, k] : {std::array<int64_t, 3>{1, 40, 20}, {9, 33, 17}, {70, 100, 40}}) {
      std::mt19937 random(3);
      std::vector<float> a(m * k), b(k * n);
      for (float &value : a)
        value = (int(random() % 9) - 4) / 8.0f;
      for (float &value : b)
        value = (int(random() % 5) - 2) / 2.0f;
      auto stored = [&](const std::vector<float> &values, bool isNarrow) {
        GuardedArray<char> bytes(values.size() * (isNarrow ? 2 : 4));
        for (size_t i = 0; i < values.size(); ++i)
          if (isNarrow)
            reinterpret_cast<uint16_t *>(bytes.data())[i] = encode(values[i], brain);
          else
            reinterpret_cast<float *>(bytes.data())[i] = values[i];
        return bytes;
      };
      auto sa = stored(a, narrowA), sb = stored(b, narrowB);
      GuardedArray<char> packed(plan.packedElements(k, n) * (narrowB ? 2 : 4));
      const char *second = sb.data();
      if (layout == MatrixLayout::Packed) {
        kernels.call(1, {sb.data(), packed.data()}, {n, k}, 0, (n + plan.panel - 1) / plan.panel);
        second = packed.data();
      }
      GuardedArray<uint16_t> c(m * n);
      kernels.call(0, {sa.data(), second, c.data()}, {1, m, n, k}, 0, plan.gridPoints(1, m, n),
                   plan.scratchBytes(k));
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j) {
          float want = 0;
          for (int64_t p = 0; p < k; ++p)
            want += a[i * k + p] * b[p * n + j];
          // bf16 keeps eight bits of the sum's.
          float got = brain ? std::bit_cast<float>(uint32_t(c[i * n + j]) << 16) : 0;
          if (brain)
            ASSERT_NEAR(got, want, std::abs(want) / 256) << i << " " << j;
          else
            ASSERT_EQ(c[i * n + j], encode(want, false)) << i << " " << j << " " << want;
        }
    }
  }
};

TEST_P(HalfMatmulTest, Weights) {
  check(false, false, true, MatrixLayout::Packed);
  check(true, false, true, MatrixLayout::Packed);
}
TEST_P(HalfMatmulTest, Both) {
  check(false, true, true, MatrixLayout::RowMajor);
  check(true, true, true, MatrixLayout::Packed);
  check(true, true, false, MatrixLayout::RowMajor);
}

INSTANTIATE_TEST_SUITE_P(Targets, HalfMatmulTest,
                         ::testing::Values("native", "x86-64-v3", "x86-64-v2"));

} // namespace
