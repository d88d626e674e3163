// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/library/shapes.h"

#include <algorithm>

namespace heddle::library {

absl::StatusOr<int64_t> CheckedProduct(std::string_view op, DimSpan dims) {
  int64_t n = 1;
  bool empty = false;
  for (int64_t d : dims) {
    if (d < 0) return Invalid(op, "a size is negative in ", ShapeText(dims));
    if (d == 0) {
      empty = true;
    } else if (__builtin_mul_overflow(n, d, &n) || n > (int64_t{1} << 48)) {
      return Invalid(op, "the shape ", ShapeText(dims), " has too many elements");
    }
  }
  return empty ? 0 : n;
}

absl::StatusOr<Dims> NormalizeAxes(std::string_view op, DimSpan axes, int64_t rank) {
  Dims result;
  absl::InlinedVector<bool, 8> seen(rank, false);
  for (int64_t axis : axes) {
    HEDDLE_ASSIGN_OR_RETURN(int a, NormalizeAxis(op, axis, rank));
    if (seen[a]) return Invalid(op, "axis ", axis, " is named twice");
    seen[a] = true;
    result.push_back(a);
  }
  return result;
}

absl::StatusOr<int64_t> HeadSize(std::string_view op, int64_t width, int64_t heads) {
  constexpr int64_t kMostHeads = 1 << 16;
  if (heads < 1 || heads > kMostHeads || width % heads != 0) {
    return Invalid(op, heads, " heads of a width of ", width);
  }
  return width / heads;
}

absl::StatusOr<Dims> BroadcastDims(std::string_view op, DimSpan a, DimSpan b) {
  size_t rank = std::max(a.size(), b.size());
  Dims result(rank);
  for (size_t i = 0; i < rank; ++i) {
    int64_t x = i + a.size() >= rank ? a[i + a.size() - rank] : 1;
    int64_t y = i + b.size() >= rank ? b[i + b.size() - rank] : 1;
    if (x != y && x != 1 && y != 1) {
      return Invalid(op, "shapes ", ShapeText(a), " and ", ShapeText(b), " do not broadcast");
    }
    result[i] = x == 1 ? y : x;
  }
  return result;
}

Dims BroadcastStrides(DimSpan dims, DimSpan to) {
  Dims strides(to.size(), 0);
  int64_t step = 1;
  size_t lead = to.size() - dims.size();
  for (size_t i = dims.size(); i-- > 0;) {
    strides[lead + i] = dims[i] == 1 ? 0 : step;
    step *= dims[i];
  }
  return strides;
}

}  // namespace heddle::library
