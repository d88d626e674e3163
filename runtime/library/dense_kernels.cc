// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/library/dense_kernels.h"

#include <algorithm>
#include <cstring>

// The loader picks the version for the processor. Sanitizers do not survive that early a call.
#if defined(__x86_64__) && defined(__ELF__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#if defined(__has_feature)
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
#define HEDDLE_CLONES \
  __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default")))
#endif
#else
#define HEDDLE_CLONES \
  __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default")))
#endif
#endif
#ifndef HEDDLE_CLONES
#define HEDDLE_CLONES
#endif

namespace heddle::library {
namespace {

// 64 bytes: one register with AVX-512, two with AVX, four without.
template <typename T>
struct Wide {
  static constexpr int64_t kLanes = 64 / sizeof(T);
  typedef T Vector __attribute__((vector_size(64), aligned(alignof(T)), may_alias));
};

// kRows rows of `a` against kColumns rows of `b`: all sums stay in registers.
template <typename T, int kRows, int kColumns>
[[gnu::always_inline]] inline void Block(const T* a, int64_t a_row, const T* b, int64_t b_row,
                                         int64_t k, T* c, int64_t c_row) {
  using Vector = typename Wide<T>::Vector;
  constexpr int64_t kLanes = Wide<T>::kLanes;
  Vector sums[kRows][kColumns] = {};
  int64_t i = 0;
  for (; i + kLanes <= k; i += kLanes) {
    Vector left[kRows];
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) left[r] = *reinterpret_cast<const Vector*>(a + r * a_row + i);
#pragma GCC unroll 4
    for (int j = 0; j < kColumns; ++j) {
      Vector right = *reinterpret_cast<const Vector*>(b + j * b_row + i);
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) sums[r][j] += left[r] * right;
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int j = 0; j < kColumns; ++j) {
      T tail = 0;
      for (int64_t t = i; t < k; ++t) tail += a[r * a_row + t] * b[j * b_row + t];
      T parts[kLanes];
      std::memcpy(parts, &sums[r][j], sizeof(parts));
      for (int64_t width = kLanes / 2; width > 0; width /= 2) {
        for (int64_t lane = 0; lane < width; ++lane) parts[lane] += parts[lane + width];
      }
      c[r * c_row + j] += parts[0] + tail;
    }
  }
}

template <typename T, int kRows>
[[gnu::always_inline]] inline void RowBlock(const T* a, int64_t a_row, const T* b, int64_t n,
                                            int64_t b_row, int64_t k, T* c, int64_t c_row) {
  int64_t j = 0;
  for (; j + 4 <= n; j += 4) Block<T, kRows, 4>(a, a_row, b + j * b_row, b_row, k, c + j, c_row);
  for (; j < n; ++j) Block<T, kRows, 1>(a, a_row, b + j * b_row, b_row, k, c + j, c_row);
}

template <typename T>
[[gnu::always_inline]] inline void Multiply(const T* a, int64_t m, int64_t a_row, const T* b,
                                            int64_t n, int64_t b_row, int64_t k, T* c,
                                            int64_t c_row) {
  // Columns in blocks whose rows of `b` stay in the cache while all of `a` passes.
  int64_t block =
      std::clamp<int64_t>(int64_t{1 << 18} / (std::max<int64_t>(k, 1) * sizeof(T)), 4, 256);
  for (int64_t j = 0; j < n; j += block) {
    int64_t columns = std::min(block, n - j), i = 0;
    for (; i + 4 <= m; i += 4) {
      RowBlock<T, 4>(a + i * a_row, a_row, b + j * b_row, columns, b_row, k, c + i * c_row + j,
                     c_row);
    }
    for (; i < m; ++i) {
      RowBlock<T, 1>(a + i * a_row, a_row, b + j * b_row, columns, b_row, k, c + i * c_row + j,
                     c_row);
    }
  }
}

}  // namespace

HEDDLE_CLONES
void MultiplyTransposed(const float* a, int64_t m, int64_t a_row, const float* b, int64_t n,
                        int64_t b_row, int64_t k, float* c, int64_t c_row) {
  Multiply<float>(a, m, a_row, b, n, b_row, k, c, c_row);
}

HEDDLE_CLONES
void MultiplyTransposed(const double* a, int64_t m, int64_t a_row, const double* b, int64_t n,
                        int64_t b_row, int64_t k, double* c, int64_t c_row) {
  Multiply<double>(a, m, a_row, b, n, b_row, k, c, c_row);
}

HEDDLE_CLONES
void AddScaled(float alpha, const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] += alpha * x[i];
}

HEDDLE_CLONES
void AddScaled(double alpha, const double* x, double* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] += alpha * x[i];
}

}  // namespace heddle::library
