// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/library/ml_samples.h"

#include <algorithm>

namespace heddle::library {

absl::StatusOr<Samples> LoadSamples(LibraryCall& call, std::string_view op) {
  TensorView view = call.operand(0);
  if (view.rank() < 1 || view.rank() > 2) return Invalid(op, "shape ", ShapeText(view.dims));
  Samples s;
  s.count = view.rank() == 2 ? view.dim(0) : 1;
  s.features = view.dim(view.rank() - 1);
  HEDDLE_ASSIGN_OR_RETURN(s.x, Load<double>(call, op, 0));
  return s;
}

bool HasProduct(absl::Span<const double> list, int64_t a, int64_t b) {
  int64_t product;
  return !__builtin_mul_overflow(a, b, &product) && product == static_cast<int64_t>(list.size());
}

double Dot(const double* a, const double* b, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

int64_t Largest(absl::Span<const double> values) {
  return std::max_element(values.begin(), values.end()) - values.begin();
}

absl::Status StoreClasses(LibraryCall& call, std::string_view op, absl::Span<const int64_t> labels,
                          const std::vector<std::vector<double>>& scores, int64_t width) {
  int64_t n = static_cast<int64_t>(labels.size());
  if (call.wants_result(0)) {
    HEDDLE_ASSIGN_OR_RETURN(Output<int64_t> y, Output<int64_t>::Make(call, op, 0, {n}));
    std::copy(labels.begin(), labels.end(), y.values().begin());
    HEDDLE_RETURN_IF_ERROR(y.Store(op));
  }
  if (!call.wants_result(1)) return absl::OkStatus();
  HEDDLE_ASSIGN_OR_RETURN(Output<double> z, Output<double>::Make(call, op, 1, {n, width}));
  for (int64_t i = 0; i < n; ++i) std::copy_n(scores[i].data(), width, &z.values()[0] + i * width);
  return z.Store(op);
}

}  // namespace heddle::library
