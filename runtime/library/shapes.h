// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Dimensions, strides, axes and loops over index spaces, in elements. Row-major throughout.

#ifndef HEDDLE_RUNTIME_LIBRARY_SHAPES_H_
#define HEDDLE_RUNTIME_LIBRARY_SHAPES_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "runtime/library/errors.h"

namespace heddle::library {

using Dims = absl::InlinedVector<int64_t, 8>;
using DimSpan = absl::Span<const int64_t>;

inline Dims ToDims(DimSpan dims) { return Dims(dims.begin(), dims.end()); }

inline std::string ShapeText(DimSpan dims) {
  return absl::StrCat("[", absl::StrJoin(dims, ","), "]");
}

// The product of dims [first, last), known not to overflow (part of an existing tensor).
inline int64_t Product(DimSpan dims, int first, int last) {
  int64_t n = 1;
  for (int i = first; i < last; ++i) n *= dims[i];
  return n;
}
inline int64_t Product(DimSpan dims) { return Product(dims, 0, static_cast<int>(dims.size())); }

// The same for dimensions that nobody checked yet: an error where one is negative or the count
// does not fit 48 bits.
absl::StatusOr<int64_t> CheckedProduct(std::string_view op, DimSpan dims);

inline Dims Strides(DimSpan dims) {
  Dims strides(dims.size());
  int64_t step = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    strides[i] = step;
    step *= dims[i];
  }
  return strides;
}

// `axis` in [0, rank), counted from the end where negative.
inline absl::StatusOr<int> NormalizeAxis(std::string_view op, int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) {
    return OutOfRange(op, "axis ", axis, " is not in [", -rank, ", ", rank - 1, "]");
  }
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

// The axes normalised; an error where one repeats.
absl::StatusOr<Dims> NormalizeAxes(std::string_view op, DimSpan axes, int64_t rank);

inline absl::StatusOr<int64_t> NormalizeIndex(std::string_view op, int64_t index, int64_t size) {
  if (index < -size || index >= size) {
    return OutOfRange(op, "index ", index, " is not in [", -size, ", ", size - 1, "]");
  }
  return index < 0 ? index + size : index;
}

// The size of each of `heads` heads that share a width; an error where they cannot. A width of 0 has
// room for any number, so there is a most.
absl::StatusOr<int64_t> HeadSize(std::string_view op, int64_t width, int64_t heads);

// The dimensions two shapes broadcast to, by the multidirectional rule.
absl::StatusOr<Dims> BroadcastDims(std::string_view op, DimSpan a, DimSpan b);

// Strides of a tensor of `dims` read as if it had `to` dims: 0 along the stretched ones.
Dims BroadcastStrides(DimSpan dims, DimSpan to);

// Calls `visit(offsets)` for each index of `dims` in row-major order, with the offset that each
// of N sets of strides gives the index.
template <size_t N, typename Visit>
void ForEachIndex(DimSpan dims, const std::array<DimSpan, N>& strides, Visit&& visit) {
  std::array<int64_t, N> offsets{};
  int rank = static_cast<int>(dims.size());
  for (int64_t d : dims) {
    if (d <= 0) return;
  }
  if (rank == 0) {
    visit(offsets);
    return;
  }
  Dims index(rank, 0);
  while (true) {
    for (int64_t i = 0; i < dims[rank - 1]; ++i) {
      visit(const_cast<const std::array<int64_t, N>&>(offsets));
      for (size_t n = 0; n < N; ++n) offsets[n] += strides[n][rank - 1];
    }
    for (size_t n = 0; n < N; ++n) offsets[n] -= strides[n][rank - 1] * dims[rank - 1];
    int axis = rank - 2;
    for (; axis >= 0; --axis) {
      for (size_t n = 0; n < N; ++n) offsets[n] += strides[n][axis];
      if (++index[axis] < dims[axis]) break;
      for (size_t n = 0; n < N; ++n) offsets[n] -= strides[n][axis] * dims[axis];
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

// Steps `index` to the next one in row-major order; false after the last.
inline bool NextIndex(DimSpan dims, absl::Span<int64_t> index) {
  for (size_t axis = dims.size(); axis-- > 0;) {
    if (++index[axis] < dims[axis]) return true;
    index[axis] = 0;
  }
  return false;
}

// A shape seen as [outer, size, inner] around one axis.
struct AxisView {
  int64_t outer, size, inner;
};
inline AxisView AroundAxis(DimSpan dims, int axis) {
  return {Product(dims, 0, axis), dims[axis],
          Product(dims, axis + 1, static_cast<int>(dims.size()))};
}

}  // namespace heddle::library

#endif  // HEDDLE_RUNTIME_LIBRARY_SHAPES_H_
