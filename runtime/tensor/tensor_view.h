// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A dense, row-major tensor that somebody else owns. Views are values: copying one copies no
// elements and extends no lifetime. Thread-safe as far as the elements are.

#ifndef HEDDLE_RUNTIME_TENSOR_TENSOR_VIEW_H_
#define HEDDLE_RUNTIME_TENSOR_TENSOR_VIEW_H_

#include <cstdint>

#include "absl/types/span.h"
#include "runtime/tensor/element_type.h"

namespace heddle {

template <typename Pointer>
struct BasicTensorView {
  ElementType element_type = ElementType::kUndefined;
  absl::Span<const int64_t> dims;
  Pointer data = nullptr;

  int rank() const { return static_cast<int>(dims.size()); }
  int64_t dim(int axis) const { return dims[axis]; }
  // Products of dims are overflow-checked where a tensor is made, so this cannot overflow.
  int64_t count() const {
    int64_t n = 1;
    for (int64_t d : dims) n *= d;
    return n;
  }
};

struct TensorView : BasicTensorView<const void*> {
  template <typename T>
  absl::Span<const T> elements() const {
    return {static_cast<const T*>(data), static_cast<size_t>(count())};
  }
};

struct MutableTensorView : BasicTensorView<void*> {
  template <typename T>
  absl::Span<T> elements() const {
    return {static_cast<T*>(data), static_cast<size_t>(count())};
  }
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TENSOR_TENSOR_VIEW_H_
