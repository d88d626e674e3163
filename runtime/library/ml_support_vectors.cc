// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Support vector machines of the classical-learning domain.

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "runtime/library/functions.h"
#include "runtime/library/ml_samples.h"
#include "runtime/library/ml_scores.h"

namespace heddle::library {
namespace {

class Kernel {
 public:
  static absl::StatusOr<Kernel> Parse(const LibraryCall& call, std::string_view op, bool vectors) {
    Kernel k;
    absl::Span<const double> parameters = call.Floats("kernel_params");
    for (size_t i = 0; i < parameters.size() && i < 3; ++i) k.parameters_[i] = parameters[i];
    k.name_ = vectors ? call.Text("kernel_type", "LINEAR") : "LINEAR";
    if (k.name_ != "LINEAR" && k.name_ != "POLY" && k.name_ != "RBF" && k.name_ != "SIGMOID") {
      return Invalid(op, "there is no kernel ", Absl(k.name_));
    }
    return k;
  }
  double operator()(const double* a, const double* b, int64_t n) const {
    auto [gamma, coefficient, degree] = parameters_;
    if (name_ == "RBF") {
      double sum = 0;
      for (int64_t i = 0; i < n; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
      return std::exp(-gamma * sum);
    }
    double dot = Dot(a, b, n);
    if (name_ == "POLY") return std::pow(gamma * dot + coefficient, std::trunc(degree));
    if (name_ == "SIGMOID") return std::tanh(gamma * dot + coefficient);
    return dot;
  }

 private:
  std::array<double, 3> parameters_ = {};
  std::string_view name_;
};

}  // namespace

absl::Status MlSVMRegressor(LibraryCall& call) {
  constexpr std::string_view kOp = "ml.SVMRegressor";
  HEDDLE_ASSIGN_OR_RETURN(Samples s, LoadSamples(call, kOp));
  HEDDLE_ASSIGN_OR_RETURN(PostTransform transform, ParsePostTransform(call, kOp));
  int64_t supports = call.Int("n_supports", 0);
  absl::Span<const double> vectors = call.Floats("support_vectors"),
                           weights = call.Floats("coefficients");
  absl::Span<const double> rho = call.Floats("rho");
  HEDDLE_ASSIGN_OR_RETURN(Kernel kernel, Kernel::Parse(call, kOp, supports > 0));
  int64_t needed = supports > 0 ? supports : s.features;
  if (supports < 0 || supports > (1 << 24) || rho.empty() ||
      static_cast<int64_t>(weights.size()) < needed ||
      (supports > 0 && !HasProduct(vectors, supports, s.features))) {
    return Invalid(kOp, supports, " supports, ", vectors.size(), " numbers of vectors, ",
                   weights.size(), " coefficients, ", s.features, " features");
  }
  bool one_class = call.Int("one_class", 0) != 0;
  HEDDLE_ASSIGN_OR_RETURN(Output<double> y, Output<double>::Make(call, kOp, 0, {s.count, 1}));
  for (int64_t i = 0; i < s.count; ++i) {
    double sum = rho[0];
    if (supports == 0) sum += Dot(s.row(i), weights.data(), s.features);
    for (int64_t v = 0; v < supports; ++v) {
      sum += weights[v] * kernel(s.row(i), &vectors[v * s.features], s.features);
    }
    y[i] = one_class ? (sum > 0 ? 1 : -1) : sum;
    if (!one_class) Transform(transform, y.values().subspan(i, 1));
  }
  return y.Store(kOp);
}

namespace {

// A support vector classifier's attributes, checked.
struct Machine {
  int64_t classes = 1, supports = 0;
  std::vector<int64_t> starts;
  absl::Span<const int64_t> names, per_class;
  absl::Span<const double> vectors, weights, rho, prob_a, prob_b;
};

absl::StatusOr<Machine> ParseMachine(const LibraryCall& call, std::string_view op,
                                     int64_t features) {
  Machine m;
  m.names = call.Ints("classlabels_ints");
  m.per_class = call.Ints("vectors_per_class");
  m.vectors = call.Floats("support_vectors");
  m.weights = call.Floats("coefficients");
  m.rho = call.Floats("rho");
  m.prob_a = call.Floats("prob_a");
  m.prob_b = call.Floats("prob_b");
  m.classes = std::max<int64_t>(1, static_cast<int64_t>(m.names.size()));
  for (int64_t n : m.per_class) {
    if (n < 0 || n > (1 << 24)) return Invalid(op, n, " vectors of a class");
    m.starts.push_back(m.supports);
    m.supports += n;
  }
  int64_t pairs = m.classes * (m.classes - 1) / 2;
  bool fits = !m.rho.empty() && !m.weights.empty();
  if (m.supports > 0) {
    fits = fits && m.classes >= 2 && static_cast<int64_t>(m.per_class.size()) == m.classes &&
           HasProduct(m.vectors, m.supports, features) &&
           HasProduct(m.weights, m.classes - 1, m.supports) &&
           static_cast<int64_t>(m.rho.size()) >= pairs && m.prob_a.size() == m.prob_b.size() &&
           (m.prob_a.empty() || static_cast<int64_t>(m.prob_a.size()) >= pairs);
  } else {
    fits = fits && HasProduct(m.weights, m.classes, features);
  }
  if (!fits) {
    return Invalid(op, m.classes, " classes, ", m.supports, " vectors, ", m.weights.size(),
                   " coefficients, ", m.rho.size(), " offsets, ", features,
                   " features do not fit together");
  }
  return m;
}

// Pairwise decisions: the scores of all pairs and the votes of the classes.
void Decide(const Machine& m, const Kernel& kernel, const double* x, int64_t features,
            std::vector<double>& scores, std::vector<double>& votes) {
  std::vector<double> values(m.supports);
  for (int64_t v = 0; v < m.supports; ++v)
    values[v] = kernel(x, &m.vectors[v * features], features);
  votes.assign(m.classes, 0);
  for (int64_t i = 0; i < m.classes; ++i) {
    for (int64_t j = i + 1; j < m.classes; ++j) {
      const double* first = m.weights.data() + (j - 1) * m.supports + m.starts[i];
      const double* second = m.weights.data() + i * m.supports + m.starts[j];
      double score = m.rho[scores.size()] + Dot(first, &values[0] + m.starts[i], m.per_class[i]) +
                     Dot(second, &values[0] + m.starts[j], m.per_class[j]);
      scores.push_back(score);
      ++votes[score > 0 ? i : j];
    }
  }
}

// Class probabilities from pairwise ones (the second method of Wu, Lin and Weng).
std::vector<double> Couple(const Machine& m, const std::vector<double>& scores) {
  int64_t k = m.classes;
  std::vector<double> r(k * k, 0), q(k * k), p(k, 1.0 / static_cast<double>(k)), qp(k);
  size_t pair = 0;
  for (int64_t i = 0; i < k; ++i) {
    for (int64_t j = i + 1; j < k; ++j, ++pair) {
      double v = 1 - 1 / (1 + std::exp(-(scores[pair] * m.prob_a[pair] + m.prob_b[pair])));
      r[i * k + j] = std::clamp(v, 1e-7, 1 - 1e-7);
      r[j * k + i] = 1 - r[i * k + j];
    }
  }
  for (int64_t t = 0; t < k; ++t) {
    q[t * k + t] = 0;
    for (int64_t j = 0; j < k; ++j) {
      if (j == t) continue;
      q[t * k + t] += r[j * k + t] * r[j * k + t];
      q[t * k + j] = -r[j * k + t] * r[t * k + j];
    }
  }
  for (int64_t round = 0; round < std::max<int64_t>(100, k); ++round) {
    double pqp = 0, worst = 0;
    for (int64_t t = 0; t < k; ++t) {
      qp[t] = Dot(&q[t * k], p.data(), k);
      pqp += p[t] * qp[t];
    }
    for (int64_t t = 0; t < k; ++t) worst = std::max(worst, std::fabs(qp[t] - pqp));
    if (worst < 0.005 / static_cast<double>(k)) break;
    for (int64_t t = 0; t < k; ++t) {
      double step = (pqp - qp[t]) / q[t * k + t];
      p[t] += step;
      pqp = (pqp + step * (step * q[t * k + t] + 2 * qp[t])) / ((1 + step) * (1 + step));
      for (int64_t j = 0; j < k; ++j) {
        qp[j] = (qp[j] + step * q[t * k + j]) / (1 + step);
        p[j] /= 1 + step;
      }
    }
  }
  return p;
}

}  // namespace

absl::Status MlSVMClassifier(LibraryCall& call) {
  constexpr std::string_view kOp = "ml.SVMClassifier";
  HEDDLE_ASSIGN_OR_RETURN(Samples s, LoadSamples(call, kOp));
  HEDDLE_ASSIGN_OR_RETURN(PostTransform transform, ParsePostTransform(call, kOp));
  HEDDLE_ASSIGN_OR_RETURN(Machine m, ParseMachine(call, kOp, s.features));
  HEDDLE_ASSIGN_OR_RETURN(Kernel kernel, Kernel::Parse(call, kOp, m.supports > 0));
  bool positive = *std::min_element(m.weights.begin(), m.weights.end()) >= 0;
  bool probabilities = m.supports > 0 && !m.prob_a.empty();
  std::vector<std::vector<double>> scores(s.count);
  std::vector<int64_t> labels(s.count);
  for (int64_t i = 0; i < s.count; ++i) {
    std::vector<double> votes;
    if (m.supports > 0) {
      Decide(m, kernel, s.row(i), s.features, scores[i], votes);
      if (probabilities) scores[i] = Couple(m, scores[i]);
    } else {
      for (int64_t c = 0; c < m.classes; ++c) {
        scores[i].push_back(m.rho[0] + Dot(s.row(i), &m.weights[c * s.features], s.features));
      }
      votes = scores[i];
    }
    int64_t best = Largest(votes);
    if (m.rho.size() == 1 && m.names.size() == 2) {
      bool second = !probabilities && positive && votes[best] >= 0.5;
      labels[i] = m.names[second ? 1 : best];
    } else if (m.rho.size() == 1) {
      labels[i] = votes[best] > 0 ? 1 : 0;
    } else {
      labels[i] = m.names.empty() ? best : m.names[best];
    }
    if (scores[i].size() == 1 && m.rho.size() == 1 && m.names.size() == 2) {
      scores[i] = BinaryScores(transform, scores[i][0], false);
    } else if (scores[i].size() >= 2 || transform == PostTransform::kProbit) {
      Transform(transform, absl::MakeSpan(scores[i]));
    }
  }
  int64_t width = s.count > 0 ? static_cast<int64_t>(scores[0].size()) : m.classes;
  return StoreClasses(call, kOp, labels, scores, width);
}

}  // namespace heddle::library
