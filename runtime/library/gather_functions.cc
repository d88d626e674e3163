// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that read elements at places other operands name.

#include <cstring>

#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"
#include "runtime/library/strided_copy.h"

namespace heddle::library {

absl::Status Gather(LibraryCall& call) {
  constexpr std::string_view kOp = "Gather";
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(kOp, call.Int("axis", 0), x.rank()));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const int64_t> indices, Load<int64_t>(call, kOp, 1));
  TensorView places = call.operand(1);
  Dims dims(x.dims.begin(), x.dims.begin() + axis);
  dims.insert(dims.end(), places.dims.begin(), places.dims.end());
  dims.insert(dims.end(), x.dims.begin() + axis + 1, x.dims.end());
  AxisView view = AroundAxis(x.dims, axis);
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, kOp, 0, x.type, dims));
  int64_t line = view.inner * x.size;
  uint8_t* to = y.data();
  for (int64_t outer = 0; outer < view.outer; ++outer) {
    const uint8_t* from = x.data + outer * view.size * line;
    for (int64_t index : indices) {
      HEDDLE_ASSIGN_OR_RETURN(index, NormalizeIndex(kOp, index, view.size));
      if (line != 0) std::memcpy(to, from + index * line, static_cast<size_t>(line));
      to += line;
    }
  }
  return y.Store();
}

absl::Status GatherElements(LibraryCall& call) {
  constexpr std::string_view kOp = "GatherElements";
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(kOp, call.Int("axis", 0), x.rank()));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const int64_t> indices, Load<int64_t>(call, kOp, 1));
  TensorView places = call.operand(1);
  HEDDLE_RETURN_IF_ERROR(RequireRank(call, kOp, 1, x.rank()));
  for (int a = 0; a < x.rank(); ++a) {
    if (a != axis && places.dim(a) > x.dims[a]) {
      return OutOfRange(kOp, "indices of shape ", ShapeText(places.dims), " into ",
                        ShapeText(x.dims));
    }
  }
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, kOp, 0, x.type, places.dims));
  Dims strides = Strides(x.dims);
  int64_t step = strides[axis], size = x.dims[axis];
  strides[axis] = 0;
  absl::Status status;
  VisitElementSize(x.size, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const T* from = reinterpret_cast<const T*>(x.data);
    T* to = reinterpret_cast<T*>(y.data());
    int64_t i = 0;
    ForEachIndex<1>(places.dims, {strides}, [&](const std::array<int64_t, 1>& offset) {
      int64_t index = indices[i];
      if (index < -size || index >= size) {
        if (status.ok()) status = NormalizeIndex(kOp, index, size).status();
        return;
      }
      to[i++] = from[offset[0] + (index < 0 ? index + size : index) * step];
    });
  });
  if (!status.ok()) return status;
  return y.Store();
}

absl::Status GatherND(LibraryCall& call) {
  constexpr std::string_view kOp = "GatherND";
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const int64_t> indices, Load<int64_t>(call, kOp, 1));
  TensorView places = call.operand(1);
  int64_t batch = call.Int("batch_dims", 0);
  if (places.rank() < 1 || batch < 0 || batch >= places.rank() || batch > x.rank()) {
    return Invalid(kOp, "batch_dims ", batch, " for indices of shape ", ShapeText(places.dims));
  }
  int64_t depth = places.dim(places.rank() - 1);
  if (depth > x.rank() - batch) {
    return Invalid(kOp, "indices of ", depth, " positions into ", ShapeText(x.dims));
  }
  for (int64_t a = 0; a < batch; ++a) {
    if (places.dim(static_cast<int>(a)) != x.dims[a]) {
      return Invalid(kOp, "batches ", ShapeText(places.dims), " and ", ShapeText(x.dims));
    }
  }
  int tail = static_cast<int>(batch + depth);
  Dims dims(places.dims.begin(), places.dims.end() - 1);
  dims.insert(dims.end(), x.dims.begin() + tail, x.dims.end());
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, kOp, 0, x.type, dims));
  Dims strides = Strides(x.dims);
  int64_t line = Product(x.dims, tail, x.rank());
  int64_t batches = Product(x.dims, 0, static_cast<int>(batch));
  int64_t per_batch = Product(places.dims, static_cast<int>(batch), places.rank() - 1);
  int64_t batch_size = Product(x.dims, static_cast<int>(batch), x.rank());
  const int64_t* index = indices.data();
  uint8_t* to = y.data();
  if (line == 0) return y.Store();
  for (int64_t i = 0; i < batches * per_batch; ++i) {
    int64_t offset = i / per_batch * batch_size;
    for (int64_t d = 0; d < depth; ++d) {
      HEDDLE_ASSIGN_OR_RETURN(int64_t at, NormalizeIndex(kOp, *index++, x.dims[batch + d]));
      offset += at * strides[batch + d];
    }
    std::memcpy(to, x.data + offset * x.size, static_cast<size_t>(line * x.size));
    to += line * x.size;
  }
  return y.Store();
}

absl::Status Compress(LibraryCall& call) {
  constexpr std::string_view kOp = "Compress";
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const bool> condition, Load<bool>(call, kOp, 1));
  std::optional<int64_t> attribute = call.Int("axis");
  AxisView view{1, x.count(), 1};
  int axis = 0;
  if (attribute.has_value()) {
    HEDDLE_ASSIGN_OR_RETURN(axis, NormalizeAxis(kOp, *attribute, x.rank()));
    view = AroundAxis(x.dims, axis);
  }
  int64_t kept = 0, size = static_cast<int64_t>(condition.size());
  for (int64_t i = 0; i < size; ++i) {
    if (!condition[i]) continue;
    if (i >= view.size) return OutOfRange(kOp, "condition ", i, " of an axis of ", view.size);
    ++kept;
  }
  Dims dims = {kept};
  if (attribute.has_value()) {
    dims = x.dims;
    dims[axis] = kept;
  }
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, kOp, 0, x.type, dims));
  int64_t line = view.inner * x.size;
  uint8_t* to = y.data();
  for (int64_t outer = 0; outer < view.outer && line != 0; ++outer) {
    for (int64_t i = 0; i < std::min(size, view.size); ++i) {
      if (!condition[i]) continue;
      std::memcpy(to, x.data + (outer * view.size + i) * line, static_cast<size_t>(line));
      to += line;
    }
  }
  return y.Store();
}

absl::Status Where(LibraryCall& call) {
  constexpr std::string_view kOp = "Where";
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const bool> condition, Load<bool>(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(RawOperand a, LoadRaw(call, kOp, 1));
  HEDDLE_ASSIGN_OR_RETURN(RawOperand b, LoadRaw(call, kOp, 2));
  if (a.type != b.type) return Invalid(kOp, "operands of two types");
  DimSpan mask = call.operand(0).dims;
  HEDDLE_ASSIGN_OR_RETURN(Dims dims, BroadcastDims(kOp, a.dims, b.dims));
  HEDDLE_ASSIGN_OR_RETURN(dims, BroadcastDims(kOp, mask, dims));
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, kOp, 0, a.type, dims));
  Dims c_strides = BroadcastStrides(mask, dims), a_strides = BroadcastStrides(a.dims, dims),
       b_strides = BroadcastStrides(b.dims, dims);
  VisitElementSize(a.size, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const T* first = reinterpret_cast<const T*>(a.data);
    const T* second = reinterpret_cast<const T*>(b.data);
    T* to = reinterpret_cast<T*>(y.data());
    ForEachIndex<3>(dims, {c_strides, a_strides, b_strides},
                    [&](const std::array<int64_t, 3>& offset) {
                      *to++ = condition[offset[0]] ? first[offset[1]] : second[offset[2]];
                    });
  });
  return y.Store();
}

}  // namespace heddle::library
