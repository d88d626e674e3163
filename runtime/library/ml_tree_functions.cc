// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ensembles of decision trees: TreeEnsemble, and the older regressor and classifier.

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"
#include "runtime/library/ml_scores.h"

namespace heddle::library {
namespace {

enum Mode { kLeq, kLt, kGte, kGt, kEq, kNeq, kMember, kLeaf };

struct Node {
  Mode mode = kLeaf;
  bool missing_is_true = false;
  int64_t feature = 0, yes = 0, no = 0;
  double value = 0;
  std::set<double> members;
  std::vector<std::pair<int64_t, double>> weights;  // target, weight; of a leaf
};

struct Forest {
  std::vector<Node> nodes;
  std::vector<int64_t> roots;
  int64_t targets = 1;
  enum { kAverage, kSum, kMin, kMax } aggregate = kSum;
};

bool Goes(const Node& n, double x) {
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

// All indices in range; trees are not trusted to be trees, so walks are bounded as well.
absl::Status Check(std::string_view op, const Forest& f, int64_t features) {
  int64_t n = static_cast<int64_t>(f.nodes.size());
  for (int64_t root : f.roots) {
    if (root < 0 || root >= n) return OutOfRange(op, "root ", root, " of ", n, " nodes");
  }
  if (f.targets < 1 || f.targets > (1 << 24)) return Invalid(op, f.targets, " targets");
  for (const Node& node : f.nodes) {
    for (auto [target, weight] : node.weights) {
      if (target < 0 || target >= f.targets)
        return OutOfRange(op, "target ", target, " of ", f.targets);
    }
    if (node.mode == kLeaf) continue;
    if (node.feature < 0 || node.feature >= features) {
      return OutOfRange(op, "feature ", node.feature, " of ", features);
    }
    if (node.yes < 0 || node.yes >= n || node.no < 0 || node.no >= n) {
      return OutOfRange(op, "branches ", node.yes, " and ", node.no, " of ", n, " nodes");
    }
  }
  return absl::OkStatus();
}

// The aggregated scores of one sample; `seen` says which targets a leaf contributed to.
absl::Status Evaluate(std::string_view op, const Forest& f, const double* x,
                      std::vector<double>& scores, std::vector<bool>& seen) {
  scores.assign(f.targets, 0);
  seen.assign(f.targets, false);
  for (int64_t root : f.roots) {
    const Node* node = &f.nodes[root];
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

absl::StatusOr<Forest> ParseForest(const LibraryCall& call, std::string_view op) {
  Forest f;
  absl::Span<const int64_t> features = call.Ints("nodes_featureids"),
                            modes = call.Ints("nodes_modes");
  absl::Span<const int64_t> yes = call.Ints("nodes_truenodeids"),
                            no = call.Ints("nodes_falsenodeids");
  absl::Span<const int64_t> yes_leaf = call.Ints("nodes_trueleafs"),
                            no_leaf = call.Ints("nodes_falseleafs");
  absl::Span<const int64_t> missing = call.Ints("nodes_missing_value_tracks_true");
  absl::Span<const int64_t> targets = call.Ints("leaf_targetids"), roots = call.Ints("tree_roots");
  absl::Span<const double> splits = call.Floats("nodes_splits"),
                           weights = call.Floats("leaf_weights");
  absl::Span<const double> members = call.Floats("membership_values");
  size_t n = features.size();
  for (size_t size :
       {modes.size(), yes.size(), no.size(), yes_leaf.size(), no_leaf.size(), splits.size()}) {
    if (size != n) return Invalid(op, "attributes of ", n, " and of ", size, " nodes");
  }
  if (targets.size() != weights.size() || (!missing.empty() && missing.size() != n)) {
    return Invalid(op, targets.size(), " leaf_targetids and ", weights.size(), " leaf_weights");
  }
  f.targets = call.Int("n_targets",
                       targets.empty() ? 1 : *std::max_element(targets.begin(), targets.end()) + 1);
  int64_t aggregate = call.Int("aggregate_function", 1);
  if (aggregate < 0 || aggregate > 3) return Invalid(op, "aggregate_function ", aggregate);
  f.aggregate = static_cast<decltype(f.aggregate)>(aggregate);
  // Leaves follow the nodes.
  int64_t leaves = static_cast<int64_t>(targets.size());
  auto branch = [&](int64_t id, int64_t leaf) {
    return leaf == 0 ? id : id < 0 || id >= leaves ? -1 : static_cast<int64_t>(n) + id;
  };
  for (size_t i = 0; i < n; ++i) {
    Node node;
    if (modes[i] < 0 || modes[i] > 6) return Invalid(op, "mode ", modes[i]);
    node.mode = static_cast<Mode>(modes[i]);
    node.feature = features[i];
    node.value = splits[i];
    node.missing_is_true = !missing.empty() && missing[i] != 0;
    node.yes = branch(yes[i], yes_leaf[i]);
    node.no = branch(no[i], no_leaf[i]);
    if (yes_leaf[i] == 0 && yes[i] >= static_cast<int64_t>(n)) node.yes = -1;
    if (no_leaf[i] == 0 && no[i] >= static_cast<int64_t>(n)) node.no = -1;
    while (node.mode == kMember && !members.empty()) {
      double value = members.front();
      members.remove_prefix(1);
      if (std::isnan(value)) break;
      node.members.insert(value);
    }
    f.nodes.push_back(std::move(node));
  }
  for (int64_t i = 0; i < leaves; ++i) {
    f.nodes.emplace_back();
    f.nodes.back().weights = {{targets[i], weights[i]}};
  }
  f.roots.assign(roots.begin(), roots.end());
  return f;
}

// The attributes of the older operators; `prefix` is "target" or "class".
absl::StatusOr<Forest> ParseOldForest(const LibraryCall& call, std::string_view op,
                                      const std::string& prefix) {
  static constexpr absl::string_view kModes[] = {
      "BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "", "LEAF"};
  Forest f;
  absl::Span<const int64_t> trees = call.Ints("nodes_treeids"), ids = call.Ints("nodes_nodeids");
  absl::Span<const int64_t> features = call.Ints("nodes_featureids");
  absl::Span<const int64_t> yes = call.Ints("nodes_truenodeids"),
                            no = call.Ints("nodes_falsenodeids");
  absl::Span<const int64_t> missing = call.Ints("nodes_missing_value_tracks_true");
  auto floats = [&](const std::string& name) {
    absl::Span<const double> tensor = call.Floats(name + "_as_tensor");
    return tensor.empty() ? call.Floats(name) : tensor;
  };
  absl::Span<const double> values = floats("nodes_values");
  std::vector<absl::string_view> modes = absl::StrSplit(Absl(call.Text("nodes_modes", "")), ',');
  size_t n = trees.size();
  for (size_t size :
       {ids.size(), features.size(), yes.size(), no.size(), values.size(), modes.size()}) {
    if (size != n) return Invalid(op, "attributes of ", n, " and of ", size, " nodes");
  }
  if (!missing.empty() && missing.size() != n) return Invalid(op, missing.size(), " nodes of ", n);
  std::map<std::pair<int64_t, int64_t>, int64_t> places;
  for (size_t i = 0; i < n; ++i) {
    if (!places.emplace(std::pair(trees[i], ids[i]), i).second) {
      return Invalid(op, "node ", ids[i], " of tree ", trees[i], " is there twice");
    }
    if (i == 0 || trees[i] != trees[i - 1]) f.roots.push_back(static_cast<int64_t>(i));
  }
  auto place = [&](int64_t tree, int64_t id) {
    auto found = places.find({tree, id});
    return found == places.end() ? -1 : found->second;
  };
  for (size_t i = 0; i < n; ++i) {
    Node node;
    const auto* mode = std::find(std::begin(kModes), std::end(kModes), modes[i]);
    if (mode == std::end(kModes) || mode->empty())
      return Invalid(op, "there is no mode ", modes[i]);
    node.mode = static_cast<Mode>(mode - std::begin(kModes));
    node.feature = features[i];
    node.value = values[i];
    node.missing_is_true = !missing.empty() && missing[i] != 0;
    node.yes = place(trees[i], yes[i]);
    node.no = place(trees[i], no[i]);
    f.nodes.push_back(std::move(node));
  }
  absl::Span<const int64_t> leaf_trees = call.Ints(prefix + "_treeids"),
                            leaf_ids = call.Ints(prefix + "_nodeids");
  absl::Span<const int64_t> targets = call.Ints(prefix + "_ids");
  absl::Span<const double> weights = floats(prefix + "_weights");
  for (size_t i = 0; i < targets.size(); ++i) {
    int64_t at =
        i < leaf_trees.size() && i < leaf_ids.size() ? place(leaf_trees[i], leaf_ids[i]) : -1;
    if (at < 0 || i >= weights.size()) return Invalid(op, "weight ", i, " belongs to no node");
    f.nodes[at].weights.emplace_back(targets[i], weights[i]);
  }
  std::string_view aggregate = call.Text("aggregate_function", "SUM");
  f.aggregate = aggregate == "AVERAGE" ? Forest::kAverage
                : aggregate == "MIN"   ? Forest::kMin
                : aggregate == "MAX"   ? Forest::kMax
                                       : Forest::kSum;
  return f;
}

absl::Span<const double> BaseValues(const LibraryCall& call) {
  absl::Span<const double> tensor = call.Floats("base_values_as_tensor");
  return tensor.empty() ? call.Floats("base_values") : tensor;
}

absl::Status Regress(LibraryCall& call, std::string_view op, const Forest& f,
                     PostTransform transform) {
  HEDDLE_RETURN_IF_ERROR(RequireRank(call, op, 0, 2));
  int64_t samples = call.operand(0).dim(0), features = call.operand(0).dim(1);
  HEDDLE_RETURN_IF_ERROR(Check(op, f, features));
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
  HEDDLE_RETURN_IF_ERROR(Check(kOp, f, features));
  // Two classes and weights for one of them only: the other follows from it.
  bool binary = names.size() == 2 &&
                std::all_of(ids.begin(), ids.end(), [&](int64_t id) { return id == ids[0]; });
  bool positive = true;
  for (const Node& node : f.nodes) {
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
