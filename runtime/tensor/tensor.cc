// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tensor/tensor.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "runtime/support/checked_math.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

absl::StatusOr<int64_t> BytesOf(ElementType type, absl::Span<const int64_t> dims) {
  if (ElementBits(type) == 0) {
    return absl::UnimplementedError(absl::StrCat(
        "tensors of element type ", Absl(ElementTypeName(type)), " are not supported"));
  }
  std::optional<int64_t> bytes = CheckedTensorBytes(type, dims);
  if (!bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("shape ", ShapeText(dims), " is negative or too large"));
  }
  return *bytes;
}

}  // namespace

absl::StatusOr<Tensor> Tensor::Allocate(ElementType type, absl::Span<const int64_t> dims,
                                        BufferPool& pool) {
  absl::StatusOr<int64_t> bytes = BytesOf(type, dims);
  if (!bytes.ok()) return bytes.status();
  BufferRef buffer = pool.Allocate(static_cast<size_t>(*bytes));
  if (buffer == nullptr) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no memory for a tensor of ", *bytes, " bytes"));
  }
  void* data = buffer->data();
  auto capacity = static_cast<int64_t>(buffer->capacity());
  return Share(type, dims, data, capacity, std::move(buffer));
}

absl::StatusOr<Tensor> Tensor::Borrow(ElementType type, absl::Span<const int64_t> dims, void* data,
                                      int64_t capacity) {
  absl::StatusOr<int64_t> bytes = BytesOf(type, dims);
  if (!bytes.ok()) return bytes.status();
  if (capacity < 0) capacity = *bytes;
  if (capacity < *bytes) {
    return absl::InvalidArgumentError(absl::StrCat("shape ", ShapeText(dims), " needs ", *bytes,
                                                   " bytes, the memory given has ", capacity));
  }
  if (data == nullptr && *bytes > 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("null data for a tensor of shape ", ShapeText(dims)));
  }
  int alignment = std::clamp(ElementBits(type) / 8, 1, 8);
  if (reinterpret_cast<uintptr_t>(data) % alignment != 0) {
    return absl::InvalidArgumentError(absl::StrCat("data is not aligned to ", alignment,
                                                   " bytes as its element type ",
                                                   Absl(ElementTypeName(type)), " needs"));
  }
  return Share(type, dims, data, capacity, nullptr);
}

Tensor Tensor::Share(ElementType type, absl::Span<const int64_t> dims, void* data, int64_t capacity,
                     BufferRef buffer) {
  Tensor tensor;
  tensor.type_ = type;
  tensor.dims_.assign(dims.begin(), dims.end());
  tensor.data_ = data != nullptr ? data : NoBytes();
  tensor.capacity_ = capacity;
  tensor.buffer_ = std::move(buffer);
  return tensor;
}

}  // namespace heddle
