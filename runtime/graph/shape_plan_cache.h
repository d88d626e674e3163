// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The shape plans of a graph's last few input shapes.
//
// Thread-safety: the cache may be used from several threads.

#ifndef HEDDLE_RUNTIME_GRAPH_SHAPE_PLAN_CACHE_H_
#define HEDDLE_RUNTIME_GRAPH_SHAPE_PLAN_CACHE_H_

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "runtime/graph/shape_plan.h"

namespace heddle {

class ShapePlanCache {
 public:
  static constexpr size_t kPlans = 8;

  absl::StatusOr<std::shared_ptr<const ShapePlan>> Get(const GraphInfo& info,
                                                       absl::Span<const Tensor> inputs);

 private:
  struct Entry {
    std::vector<int64_t> key;
    std::shared_ptr<const ShapePlan> plan;
  };
  std::mutex mutex_;
  std::list<Entry> entries_;  // most recently used first
  LastLayout last_;
};

// Whether `key` (made by AppendShapes) is that of these inputs.
bool SameShapes(absl::Span<const int64_t> key, absl::Span<const Tensor> inputs);
void AppendShapes(absl::Span<const Tensor> inputs, std::vector<int64_t>& key);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_GRAPH_SHAPE_PLAN_CACHE_H_
