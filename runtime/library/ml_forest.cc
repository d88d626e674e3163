// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/library/ml_forest.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/str_split.h"

namespace heddle::library {

absl::Status CheckForest(std::string_view op, const Forest& f, int64_t features) {
  int64_t n = static_cast<int64_t>(f.nodes.size());
  for (int64_t root : f.roots) {
    if (root < 0 || root >= n) return OutOfRange(op, "root ", root, " of ", n, " nodes");
  }
  if (f.targets < 1 || f.targets > (1 << 24)) return Invalid(op, f.targets, " targets");
  for (const TreeNode& node : f.nodes) {
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
    TreeNode node;
    if (modes[i] < 0 || modes[i] > 6) return Invalid(op, "mode ", modes[i]);
    node.mode = static_cast<NodeMode>(modes[i]);
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
    TreeNode node;
    const auto* mode = std::find(std::begin(kModes), std::end(kModes), modes[i]);
    if (mode == std::end(kModes) || mode->empty())
      return Invalid(op, "there is no mode ", modes[i]);
    node.mode = static_cast<NodeMode>(mode - std::begin(kModes));
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

}  // namespace heddle::library
