// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ensembles of decision trees: TreeEnsemble, and the older regressor and classifier.

#include <algorithm>
#include <cmath>
#include <vector>

#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"
#include "runtime/library/ml_forest.h"
#include "runtime/library/ml_scores.h"

namespace heddle::library {
namespace {

bool Goes(const TreeNode& n, double x) {
  if (std::isnan(x) && n.missing_is_true) return true;
  switch (n.mode) {
    case kLeq:
      return x <= n.value;
    case kLt:
      return x < n.value;
    case kGte:
      return x >= n.value;
    case kGt:
      return x > n.value;
    case kEq:
      return x == n.value;
    case kNeq:
      return x != n.value;
    default:
      return n.members.count(x) != 0;
  }
}

// The aggregated scores of one sample; `seen` says which targets a leaf contributed to.
absl::Status Evaluate(std::string_view op, const Forest& f, const double* x,
                      std::vector<double>& scores, std::vector<bool>& seen) {
  scores.assign(f.targets, 0);
  seen.assign(f.targets, false);
  for (int64_t root : f.roots) {
    const TreeNode* node = &f.nodes[root];
    for (size_t steps = 0; node->mode != kLeaf; ++steps) {
      if (steps > f.nodes.size()) return Invalid(op, "the tree at node ", root, " has a cycle");
      node = &f.nodes[Goes(*node, x[node->feature]) ? node->yes : node->no];
    }
    for (auto [target, weight] : node->weights) {
      double& score = scores[target];
      bool first = !seen[target];
      seen[target] = true;
      if (f.aggregate == Forest::kMin) {
        score = first ? weight : std::min(score, weight);
      } else if (f.aggregate == Forest::kMax) {
        score = first ? weight : std::max(score, weight);
      } else {
        score +=
            f.aggregate == Forest::kAverage ? weight / static_cast<double>(f.roots.size()) : weight;
      }
    }
  }
  return absl::OkStatus();
}

absl::Span<const double> BaseValues(const LibraryCall& call) {
  absl::Span<const double> tensor = call.Floats("base_values_as_tensor");
  return tensor.empty() ? call.Floats("base_values") : tensor;
}

absl::Status Regress(LibraryCall& call, std::string_view op, const Forest& f,
                     PostTransform transform) {
  HEDDLE_RETURN_IF_ERROR(RequireRank(call, op, 0, 2));
  int64_t samples = call.operand(0).dim(0), features = call.operand(0).dim(1);
  HEDDLE_RETURN_IF_ERROR(CheckForest(op, f, features));
  HEDDLE_RETURN_IF_ERROR(CheckedProduct(op, {samples, f.targets}).status());
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> x, Load<double>(call, op, 0));
  HEDDLE_ASSIGN_OR_RETURN(Output<double> y,
                          Output<double>::Make(call, op, 0, {samples, f.targets}));
  absl::Span<const double> base = BaseValues(call);
  std::vector<double> scores;
  std::vector<bool> seen;
  for (int64_t i = 0; i < samples; ++i) {
    HEDDLE_RETURN_IF_ERROR(Evaluate(op, f, x.data() + i * features, scores, seen));
    for (size_t t = 0; t < base.size() && t < scores.size(); ++t) scores[t] += base[t];
    Transform(transform, absl::MakeSpan(scores));
    std::copy(scores.begin(), scores.end(), y.values().begin() + i * f.targets);
  }
  return y.Store(op);
}

}  // namespace

absl::Status MlTreeEnsemble(LibraryCall& call) {
  constexpr std::string_view kOp = "ml.TreeEnsemble";
  HEDDLE_ASSIGN_OR_RETURN(Forest f, ParseForest(call, kOp));
  int64_t transform = call.Int("post_transform", 0);
  if (transform < 0 || transform > 4) return Invalid(kOp, "post_transform ", transform);
  return Regress(call, kOp, f, static_cast<PostTransform>(transform));
}

absl::Status MlTreeEnsembleRegressor(LibraryCall& call) {
  constexpr std::string_view kOp = "ml.TreeEnsembleRegressor";
  HEDDLE_ASSIGN_OR_RETURN(Forest f, ParseOldForest(call, kOp, "target"));
  HEDDLE_ASSIGN_OR_RETURN(PostTransform transform, ParsePostTransform(call, kOp));
  f.targets = call.Int("n_targets", 1);
  return Regress(call, kOp, f, transform);
}

absl::Status MlTreeEnsembleClassifier(LibraryCall& call) {
  constexpr std::string_view kOp = "ml.TreeEnsembleClassifier";
  HEDDLE_ASSIGN_OR_RETURN(Forest f, ParseOldForest(call, kOp, "class"));
  HEDDLE_ASSIGN_OR_RETURN(PostTransform transform, ParsePostTransform(call, kOp));
  HEDDLE_RETURN_IF_ERROR(RequireRank(call, kOp, 0, 2));
  absl::Span<const int64_t> names = call.Ints("classlabels_int64s"), ids = call.Ints("class_ids");
  f.targets = static_cast<int64_t>(names.size());
  int64_t samples = call.operand(0).dim(0), features = call.operand(0).dim(1);
  HEDDLE_RETURN_IF_ERROR(CheckForest(kOp, f, features));
  // Two classes and weights for one of them only: the other follows from it.
  bool binary = names.size() == 2 &&
                std::all_of(ids.begin(), ids.end(), [&](int64_t id) { return id == ids[0]; });
  bool positive = true;
  for (const TreeNode& node : f.nodes) {
    for (auto [target, weight] : node.weights) positive = positive && weight >= 0;
  }
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> x, Load<double>(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(Output<int64_t> y, Output<int64_t>::Make(call, kOp, 0, {samples}));
  HEDDLE_ASSIGN_OR_RETURN(Output<double> z,
                          Output<double>::Make(call, kOp, 1, {samples, f.targets}));
  absl::Span<const double> base = BaseValues(call);
  std::vector<double> scores;
  std::vector<bool> seen;
  for (int64_t i = 0; i < samples; ++i) {
    HEDDLE_RETURN_IF_ERROR(Evaluate(kOp, f, x.data() + i * features, scores, seen));
    if (binary) {
      double score = ids.empty() ? 0 : scores[ids[0]];
      if (!base.empty()) score += base[base.size() - 1];
      y[i] = names[score > (positive ? 0.5 : 0) ? 1 : 0];
      scores = BinaryScores(transform, score, positive);
    } else {
      for (size_t t = 0; t < base.size() && t < scores.size(); ++t) scores[t] += base[t];
      y[i] = names[std::max_element(scores.begin(), scores.end()) - scores.begin()];
      Transform(transform, absl::MakeSpan(scores));
    }
    std::copy(scores.begin(), scores.end(), z.values().begin() + i * f.targets);
  }
  HEDDLE_RETURN_IF_ERROR(y.Store(kOp));
  return z.Store(kOp);
}

}  // namespace heddle::library
