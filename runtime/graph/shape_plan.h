// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All that the shapes of a graph's inputs decide: the numbers of symbols and expressions, sizes of
// values, places in the arena, grids of kernels. shape_plan_cache.h keeps them.
//
// Thread-safety: a plan is immutable.

#ifndef HEDDLE_RUNTIME_GRAPH_SHAPE_PLAN_H_
#define HEDDLE_RUNTIME_GRAPH_SHAPE_PLAN_H_

#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "runtime/graph/graph_info.h"
#include "runtime/memory/arena_planner.h"
#include "runtime/tensor/tensor.h"

namespace heddle {

// The value of an expression that overflows, divides by zero, or is not known (yet).
inline constexpr int64_t kNoNumber = std::numeric_limits<int64_t>::min();

// Estimated nanoseconds of a kernel on one core, for so many points; `work` is that of its
// expression, if it has one.
double EstimateCost(const ProgramTask& task, int64_t grid, int64_t work);

// Applies an expression's operation; kNoNumber is contagious.
int64_t EvaluateOperation(program::ExprKind kind, int64_t lhs, int64_t rhs);

struct ShapePlan {
  struct Task {
    int64_t grid = 0;
    int64_t scratch = 0;
    double cost = 0;          // of the whole grid, in estimated nanoseconds on one core
    uint32_t dims_begin = 0;  // into task_dims
    bool late = false;        // grid, scratch or dims are not known when a run starts
  };

  std::vector<int64_t> exprs;   // kNoNumber for late ones
  std::vector<int64_t> dims;    // of all values, by GraphInfo::dims_begin; kNoNumber for late ones
  std::vector<int64_t> bytes;   // by value; -1 for late ones
  std::vector<int64_t> offset;  // by value: in its root for views, in the arena for arena values
  std::vector<bool> direct;     // by value: an arena root that is written where its output goes
  std::vector<Task> tasks;
  std::vector<int64_t> task_dims;
  int64_t arena_bytes = 0;
  // A list, as a second thread does not pay for these sizes.
  bool sequential = false;
  // Estimated nanoseconds of all tasks, where that does not tell whether a second thread pays; else 0.
  double unsure_work = 0;

  absl::Span<const int64_t> DimsOf(const GraphInfo& info, uint32_t value) const {
    uint32_t begin = info.dims_begin[value];
    return absl::MakeConstSpan(dims).subspan(begin, info.dims_begin[value + 1] - begin);
  }
};

// The last layout of a graph's arena. Where shapes change a little from run to run, as they do where
// something grows, sizes are planned for with some room, so that one layout serves many shapes:
// finding one takes longer than all else.
struct LastLayout {
  std::vector<int64_t> sizes;  // that it is for, by block; none before the first
  ArenaLayout layout;
};

// InvalidArgument where the shapes contradict the graph's signature, or a size overflows.
absl::StatusOr<std::shared_ptr<const ShapePlan>> MakeShapePlan(const GraphInfo& info,
                                                               absl::Span<const Tensor> inputs,
                                                               LastLayout* last = nullptr);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_GRAPH_SHAPE_PLAN_H_
