// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// TopK and Unique.

#include <algorithm>
#include <cstring>
#include <numeric>

#include "runtime/library/arithmetic.h"
#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"

namespace heddle::library {

absl::Status TopK(LibraryCall& call) {
  constexpr std::string_view kOp = "TopK";
  TensorView x = call.operand(0);
  HEDDLE_ASSIGN_OR_RETURN(int64_t k, IntScalar(call, kOp, 1));
  HEDDLE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(kOp, call.Int("axis", -1), x.rank()));
  AxisView view = AroundAxis(x.dims, axis);
  if (k < 0 || k > view.size) {
    return OutOfRange(kOp, "k = ", k, " of an axis of ", view.size);
  }
  int sign = call.Int("largest", 1) != 0 ? 1 : -1;
  Dims dims = ToDims(x.dims);
  dims[axis] = k;
  return VisitNumber(kOp, x.element_type, [&](auto tag) -> absl::Status {
    using T = typename decltype(tag)::Type;
    const T* from = static_cast<const T*>(x.data);
    T* values = nullptr;
    int64_t* places = nullptr;
    if (call.wants_result(0)) {
      HEDDLE_ASSIGN_OR_RETURN(MutableTensorView y, call.Result(0, x.element_type, dims));
      values = static_cast<T*>(y.data);
    }
    if (call.wants_result(1)) {
      HEDDLE_ASSIGN_OR_RETURN(MutableTensorView y, call.Result(1, ElementType::kInt64, dims));
      places = static_cast<int64_t*>(y.data);
    }
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<int64_t> order, Scratch<int64_t>(call, kOp, view.size));
    for (int64_t line = 0; line < view.outer * view.inner && k > 0; ++line) {
      int64_t outer = line / view.inner, inner = line % view.inner;
      const T* start = from + outer * view.size * view.inner + inner;
      std::iota(order.begin(), order.end(), 0);
      // Equal elements: the lower index first.
      auto before = [&](int64_t a, int64_t b) {
        int by_value = Compare(ToCompute(start[a * view.inner]), ToCompute(start[b * view.inner]));
        return by_value != 0 ? sign * by_value > 0 : a < b;
      };
      if (k < view.size / 4) {
        // The best so far as a heap, whose top is the worst of them: most elements lose to it, and
        // at once where they are equal, as they stand behind it.
        auto end = order.begin() + k;
        std::make_heap(order.begin(), end, before);
        for (int64_t i = k; i < view.size; ++i) {
          if (!before(i, order[0])) continue;
          std::pop_heap(order.begin(), end, before);
          order[k - 1] = i;
          std::push_heap(order.begin(), end, before);
        }
        std::sort_heap(order.begin(), end, before);
      } else {
        std::sort(order.begin(), order.end(), before);
      }
      for (int64_t i = 0; i < k; ++i) {
        int64_t at = (outer * k + i) * view.inner + inner;
        if (values != nullptr) values[at] = start[order[i] * view.inner];
        if (places != nullptr) places[at] = order[i];
      }
    }
    return absl::OkStatus();
  });
}

namespace {

// The results of Unique from the order of the slices along an axis.
struct Groups {
  absl::Span<int64_t> first;    // of each group, the first slice
  absl::Span<int64_t> counts;   // of each group
  absl::Span<int64_t> inverse;  // of each slice, its group
  int64_t size = 0;
};

absl::Status StoreList(LibraryCall& call, int index, absl::Span<const int64_t> list) {
  if (!call.wants_result(index)) return absl::OkStatus();
  HEDDLE_ASSIGN_OR_RETURN(MutableTensorView y, call.Result(index, ElementType::kInt64,
                                                           {static_cast<int64_t>(list.size())}));
  std::copy(list.begin(), list.end(), static_cast<int64_t*>(y.data));
  return absl::OkStatus();
}

// Renumbers the groups by their first slice.
absl::Status OrderByAppearance(LibraryCall& call, Groups& groups) {
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<int64_t> space,
                          Scratch<int64_t>(call, "Unique", {4, groups.size}));
  absl::Span<int64_t> order = space.subspan(0, groups.size);
  absl::Span<int64_t> rank = space.subspan(groups.size, groups.size);
  absl::Span<int64_t> first = space.subspan(2 * groups.size, groups.size);
  absl::Span<int64_t> counts = space.subspan(3 * groups.size, groups.size);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](int64_t a, int64_t b) { return groups.first[a] < groups.first[b]; });
  for (int64_t i = 0; i < groups.size; ++i) {
    rank[order[i]] = i;
    first[i] = groups.first[order[i]];
    counts[i] = groups.counts[order[i]];
  }
  for (int64_t& group : groups.inverse) group = rank[group];
  groups.first = first;
  groups.counts = counts;
  return absl::OkStatus();
}

}  // namespace

absl::Status Unique(LibraryCall& call) {
  constexpr std::string_view kOp = "Unique";
  TensorView x = call.operand(0);
  std::optional<int64_t> attribute = call.Int("axis");
  AxisView view{1, x.element_type == ElementType::kUndefined ? 0 : x.count(), 1};
  int axis = 0;
  if (attribute.has_value()) {
    HEDDLE_ASSIGN_OR_RETURN(axis, NormalizeAxis(kOp, *attribute, x.rank()));
    view = AroundAxis(x.dims, axis);
  }
  int64_t n = view.size;
  Groups groups;
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<int64_t> order, Scratch<int64_t>(call, kOp, n));
  HEDDLE_ASSIGN_OR_RETURN(groups.first, Scratch<int64_t>(call, kOp, n));
  HEDDLE_ASSIGN_OR_RETURN(groups.counts, Scratch<int64_t>(call, kOp, n));
  HEDDLE_ASSIGN_OR_RETURN(groups.inverse, Scratch<int64_t>(call, kOp, n));
  std::iota(order.begin(), order.end(), 0);
  HEDDLE_RETURN_IF_ERROR(VisitNumberOrBool(kOp, x.element_type, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const T* from = static_cast<const T*>(x.data);
    auto compare = [&](int64_t a, int64_t b) {
      for (int64_t outer = 0; outer < view.outer; ++outer) {
        const T* s = from + (outer * n + a) * view.inner;
        const T* t = from + (outer * n + b) * view.inner;
        for (int64_t i = 0; i < view.inner; ++i) {
          if (int c = Compare(ToCompute(s[i]), ToCompute(t[i])); c != 0) return c;
        }
      }
      return 0;
    };
    std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      int c = compare(a, b);
      return c != 0 ? c < 0 : a < b;
    });
    for (int64_t i = 0; i < n; ++i) {
      if (i == 0 || compare(order[i - 1], order[i]) != 0) {
        groups.first[groups.size] = order[i];
        groups.counts[groups.size++] = 0;
      }
      ++groups.counts[groups.size - 1];
      groups.inverse[order[i]] = groups.size - 1;
    }
    return absl::OkStatus();
  }));
  if (call.Int("sorted", 1) == 0) HEDDLE_RETURN_IF_ERROR(OrderByAppearance(call, groups));
  if (call.wants_result(0)) {
    Dims dims = attribute.has_value() ? ToDims(x.dims) : Dims{0};
    dims[axis] = groups.size;
    HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, kOp, 0, x.element_type, dims));
    int64_t line = view.inner * y.size();
    const uint8_t* from = static_cast<const uint8_t*>(x.data);
    for (int64_t outer = 0; outer < view.outer && line > 0 && n > 0; ++outer) {
      for (int64_t g = 0; g < groups.size; ++g) {
        std::memcpy(y.data() + (outer * groups.size + g) * line,
                    from + (outer * n + groups.first[g]) * line, static_cast<size_t>(line));
      }
    }
  }
  HEDDLE_RETURN_IF_ERROR(StoreList(call, 1, groups.first.subspan(0, groups.size)));
  HEDDLE_RETURN_IF_ERROR(StoreList(call, 2, groups.inverse));
  return StoreList(call, 3, groups.counts.subspan(0, groups.size));
}

}  // namespace heddle::library
