// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What linear models and support vector machines share: rows of features, and a class for each.

#ifndef HEDDLE_RUNTIME_LIBRARY_ML_SAMPLES_H_
#define HEDDLE_RUNTIME_LIBRARY_ML_SAMPLES_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "runtime/library/buffers.h"

namespace heddle::library {

struct Samples {
  absl::Span<const double> x;
  int64_t count = 0, features = 0;
  const double* row(int64_t i) const { return x.data() + i * features; }
};

// The first operand: one row, or a matrix of them.
absl::StatusOr<Samples> LoadSamples(LibraryCall& call, std::string_view op);

// Whether a list has a * b elements.
bool HasProduct(absl::Span<const double> list, int64_t a, int64_t b);

double Dot(const double* a, const double* b, int64_t n);

// The place of the largest of `values`, the first where several are.
int64_t Largest(absl::Span<const double> values);

// One line of scores per sample and a label each.
absl::Status StoreClasses(LibraryCall& call, std::string_view op, absl::Span<const int64_t> labels,
                          const std::vector<std::vector<double>>& scores, int64_t width);

}  // namespace heddle::library

#endif  // HEDDLE_RUNTIME_LIBRARY_ML_SAMPLES_H_
