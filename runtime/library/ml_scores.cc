// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/library/ml_scores.h"

#include <algorithm>
#include <cmath>

#include "runtime/library/activations.h"
#include "runtime/library/errors.h"

namespace heddle::library {
namespace {

// The inverse error function by Winitzki's approximation, which the operator's tests expect.
double InverseErf(double x) {
  double product = (1 - x) * (1 + x);
  if (product <= 0) return 0;
  constexpr double kA = 0.147, kPi = 3.141592653589793;
  double log = std::log(product), v = 2 / (kPi * kA) + 0.5 * log;
  double root = std::sqrt(std::sqrt(v * v - log / kA) - v);
  return x < 0 ? -root : root;
}

void Softmax(absl::Span<double> scores, bool keep_zero) {
  double most = *std::max_element(scores.begin(), scores.end()), sum = 0;
  for (double& s : scores) {
    bool zero = keep_zero && std::fabs(s) <= 1e-7;
    s = zero ? s * std::exp(-most) : std::exp(s - most);
    sum += s;
  }
  for (double& s : scores) s = sum == 0 ? 0.5 : s / sum;
}

}  // namespace

absl::StatusOr<PostTransform> ParsePostTransform(const LibraryCall& call, std::string_view op) {
  std::string_view name = call.Text("post_transform", "NONE");
  if (name == "NONE") return PostTransform::kNone;
  if (name == "SOFTMAX") return PostTransform::kSoftmax;
  if (name == "LOGISTIC") return PostTransform::kLogistic;
  if (name == "SOFTMAX_ZERO") return PostTransform::kSoftmaxZero;
  if (name == "PROBIT") return PostTransform::kProbit;
  return Invalid(op, "there is no post_transform ", Absl(name));
}

void Transform(PostTransform transform, absl::Span<double> scores) {
  if (scores.empty()) return;
  switch (transform) {
    case PostTransform::kNone:
      return;
    case PostTransform::kSoftmax:
      return Softmax(scores, false);
    case PostTransform::kSoftmaxZero:
      return Softmax(scores, true);
    case PostTransform::kLogistic:
      for (double& s : scores) s = Sigmoid(s);
      return;
    case PostTransform::kProbit:
      for (double& s : scores) s = 1.41421356 * InverseErf(2 * s - 1);
      return;
  }
}

std::vector<double> BinaryScores(PostTransform transform, double score, bool probability) {
  std::vector<double> scores = {probability ? 1 - score : -score, score};
  if (!probability || transform == PostTransform::kProbit)
    Transform(transform, absl::MakeSpan(scores));
  return scores;
}

}  // namespace heddle::library
