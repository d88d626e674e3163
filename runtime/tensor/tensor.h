// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A dense, row-major tensor that owns a share of its memory, or borrows memory that its maker keeps
// alive. Copying a Tensor copies no elements: copies share them.
//
//   absl::StatusOr<Tensor> x = Tensor::Allocate(ElementType::kFloat32, {2, 3}, *pool);
//   float* elements = static_cast<float*>(x->data());
//
// Thread-safety: as a value; the elements are the users' business.

#ifndef HEDDLE_RUNTIME_TENSOR_TENSOR_H_
#define HEDDLE_RUNTIME_TENSOR_TENSOR_H_

#include <cstdint>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "runtime/memory/buffer_pool.h"
#include "runtime/tensor/element_type.h"
#include "runtime/tensor/tensor_view.h"

namespace heddle {

class Tensor {
 public:
  using Dims = absl::InlinedVector<int64_t, 6>;

  Tensor() = default;  // no tensor: element type kUndefined

  // InvalidArgument where the dims are negative or too large, ResourceExhausted without memory.
  static absl::StatusOr<Tensor> Allocate(ElementType type, absl::Span<const int64_t> dims,
                                         BufferPool& pool);
  // The caller keeps `data` valid for as long as copies of the tensor are in use. `capacity` is
  // what the memory holds in bytes, at least what the dims need.
  static absl::StatusOr<Tensor> Borrow(ElementType type, absl::Span<const int64_t> dims, void* data,
                                       int64_t capacity = -1);
  // Makes a tensor of parts that are known to fit.
  static Tensor Share(ElementType type, absl::Span<const int64_t> dims, void* data,
                      int64_t capacity, BufferRef buffer);

  bool defined() const { return type_ != ElementType::kUndefined; }
  ElementType element_type() const { return type_; }
  absl::Span<const int64_t> dims() const { return dims_; }
  int64_t bytes() const { return ElementBytes(type_, view().count()); }
  int64_t capacity() const { return capacity_; }
  void* data() const { return data_; }
  const BufferRef& buffer() const { return buffer_; }

  TensorView view() const { return {{type_, dims_, data_}}; }

 private:
  ElementType type_ = ElementType::kUndefined;
  Dims dims_;
  void* data_ = nullptr;
  int64_t capacity_ = 0;
  BufferRef buffer_;  // null for borrowed memory
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TENSOR_TENSOR_H_
