// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decision trees as the attributes of tree ensembles give them.

#ifndef HEDDLE_RUNTIME_LIBRARY_ML_FOREST_H_
#define HEDDLE_RUNTIME_LIBRARY_ML_FOREST_H_

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/library/buffers.h"

namespace heddle::library {

enum NodeMode { kLeq, kLt, kGte, kGt, kEq, kNeq, kMember, kLeaf };

struct TreeNode {
  NodeMode mode = kLeaf;
  bool missing_is_true = false;
  int64_t feature = 0, yes = 0, no = 0;
  double value = 0;
  std::set<double> members;
  std::vector<std::pair<int64_t, double>> weights;  // target, weight; of a leaf
};

struct Forest {
  std::vector<TreeNode> nodes;
  std::vector<int64_t> roots;
  int64_t targets = 1;
  enum { kAverage, kSum, kMin, kMax } aggregate = kSum;
};

// The attributes of TreeEnsemble.
absl::StatusOr<Forest> ParseForest(const LibraryCall& call, std::string_view op);

// The attributes of the older operators; `prefix` is "target" or "class".
absl::StatusOr<Forest> ParseOldForest(const LibraryCall& call, std::string_view op,
                                      const std::string& prefix);

// All indices in range; trees are not trusted to be trees, so walks are bounded as well.
absl::Status CheckForest(std::string_view op, const Forest& forest, int64_t features);

}  // namespace heddle::library

#endif  // HEDDLE_RUNTIME_LIBRARY_ML_FOREST_H_
