// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matrix products for functions that are not compiled, vectorised for the processor at hand.

#ifndef HEDDLE_RUNTIME_LIBRARY_DENSE_KERNELS_H_
#define HEDDLE_RUNTIME_LIBRARY_DENSE_KERNELS_H_

#include <cstdint>

namespace heddle::library {

// c[m, n] += a[m, k] * b[n, k]^T, all row-major with the given distances between rows.
void MultiplyTransposed(const float* a, int64_t m, int64_t a_row, const float* b, int64_t n,
                        int64_t b_row, int64_t k, float* c, int64_t c_row);
void MultiplyTransposed(const double* a, int64_t m, int64_t a_row, const double* b, int64_t n,
                        int64_t b_row, int64_t k, double* c, int64_t c_row);

// y[n] += alpha * x[n]
void AddScaled(float alpha, const float* x, float* y, int64_t n);
void AddScaled(double alpha, const double* x, double* y, int64_t n);

}  // namespace heddle::library

#endif  // HEDDLE_RUNTIME_LIBRARY_DENSE_KERNELS_H_
