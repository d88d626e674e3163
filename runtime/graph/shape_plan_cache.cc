// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/graph/shape_plan_cache.h"

#include <algorithm>

#include "runtime/support/status_macros.h"

namespace heddle {

void AppendShapes(absl::Span<const Tensor> inputs, std::vector<int64_t>& key) {
  for (const Tensor& input : inputs) {
    key.push_back(static_cast<int64_t>(input.element_type()));
    key.push_back(static_cast<int64_t>(input.dims().size()));
    key.insert(key.end(), input.dims().begin(), input.dims().end());
  }
}

bool SameShapes(absl::Span<const int64_t> key, absl::Span<const Tensor> inputs) {
  for (const Tensor& input : inputs) {
    size_t rank = input.dims().size();
    if (key.size() < rank + 2 || key[0] != static_cast<int64_t>(input.element_type()) ||
        key[1] != static_cast<int64_t>(rank) ||
        !std::equal(input.dims().begin(), input.dims().end(), key.begin() + 2)) {
      return false;
    }
    key.remove_prefix(rank + 2);
  }
  return key.empty();
}

absl::StatusOr<std::shared_ptr<const ShapePlan>> ShapePlanCache::Get(
    const GraphInfo& info, absl::Span<const Tensor> inputs) {
  std::unique_lock lock(mutex_);
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    if (SameShapes(it->key, inputs)) {
      entries_.splice(entries_.begin(), entries_, it);
      return entries_.front().plan;
    }
  }
  // Planning under the lock: a second worker that needs the same plan waits for it.
  HEDDLE_ASSIGN_OR_RETURN(std::shared_ptr<const ShapePlan> plan,
                          MakeShapePlan(info, inputs, &last_));
  if (entries_.size() >= kPlans) entries_.pop_back();
  entries_.push_front({{}, plan});
  AppendShapes(inputs, entries_.front().key);
  return plan;
}

}  // namespace heddle
