// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Linear models of the classical-learning domain.

#include <vector>

#include "runtime/library/functions.h"
#include "runtime/library/ml_samples.h"
#include "runtime/library/ml_scores.h"

namespace heddle::library {

absl::Status MlLinearRegressor(LibraryCall& call) {
  constexpr std::string_view kOp = "ml.LinearRegressor";
  HEDDLE_ASSIGN_OR_RETURN(Samples s, LoadSamples(call, kOp));
  HEDDLE_ASSIGN_OR_RETURN(PostTransform transform, ParsePostTransform(call, kOp));
  absl::Span<const double> weights = call.Floats("coefficients"), bias = call.Floats("intercepts");
  int64_t targets = call.Int("targets", 1);
  if (targets < 1 || targets > (1 << 24) || !HasProduct(weights, targets, s.features) ||
      (!bias.empty() && static_cast<int64_t>(bias.size()) != targets)) {
    return Invalid(kOp, weights.size(), " coefficients for ", targets, " targets of ", s.features,
                   " features");
  }
  HEDDLE_ASSIGN_OR_RETURN(Output<double> y, Output<double>::Make(call, kOp, 0, {s.count, targets}));
  for (int64_t i = 0; i < s.count; ++i) {
    for (int64_t t = 0; t < targets; ++t) {
      y[i * targets + t] =
          (bias.empty() ? 0 : bias[t]) + Dot(s.row(i), &weights[t * s.features], s.features);
    }
    Transform(transform, y.values().subspan(i * targets, targets));
  }
  return y.Store(kOp);
}

absl::Status MlLinearClassifier(LibraryCall& call) {
  constexpr std::string_view kOp = "ml.LinearClassifier";
  HEDDLE_ASSIGN_OR_RETURN(Samples s, LoadSamples(call, kOp));
  HEDDLE_ASSIGN_OR_RETURN(PostTransform transform, ParsePostTransform(call, kOp));
  absl::Span<const double> weights = call.Floats("coefficients"), bias = call.Floats("intercepts");
  absl::Span<const int64_t> names = call.Ints("classlabels_ints");
  int64_t size = static_cast<int64_t>(weights.size());
  int64_t classes = s.features > 0 ? size / s.features : 0;
  if (classes < 1 || classes * s.features != size || names.empty() ||
      (classes > 1 && static_cast<int64_t>(names.size()) < classes) ||
      (!bias.empty() && static_cast<int64_t>(bias.size()) != classes)) {
    return Invalid(kOp, size, " coefficients and ", names.size(), " labels for ", s.features,
                   " features");
  }
  std::vector<std::vector<double>> scores(s.count);
  std::vector<int64_t> labels(s.count);
  for (int64_t i = 0; i < s.count; ++i) {
    for (int64_t c = 0; c < classes; ++c) {
      scores[i].push_back((bias.empty() ? 0 : bias[c]) +
                          Dot(s.row(i), &weights[c * s.features], s.features));
    }
    if (classes == 1 && names.size() == 2) scores[i] = {-scores[i][0], scores[i][0]};
    Transform(transform, absl::MakeSpan(scores[i]));
    if (scores[i].size() > 1) {
      labels[i] = names[Largest(scores[i])];
    } else {
      labels[i] = scores[i][0] >= (transform == PostTransform::kNone ? 0 : 0.5) ? names[0] : 0;
    }
  }
  int64_t width = classes == 1 && names.size() == 2 ? 2 : classes;
  return StoreClasses(call, kOp, labels, scores, width);
}

}  // namespace heddle::library
