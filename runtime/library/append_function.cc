// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Caches that grow along axis 0: their versions share memory where whoever runs the functions can
// arrange that (LibraryCall::Grown, Prefix).

#include <cstring>

#include "absl/status/status.h"
#include "runtime/library/buffers.h"
#include "runtime/library/errors.h"
#include "runtime/library/functions.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"

namespace heddle::library {

// A cache has an axis of entries, and its elements are whole bytes.
absl::StatusOr<TensorView> LoadCache(LibraryCall& call, std::string_view op, int index) {
  TensorView view = call.operand(index);
  if (view.element_type == ElementType::kUndefined || view.rank() == 0 ||
      ElementBits(view.element_type) < 8) {
    return Invalid(op, "operand ", index,
                   " is no cache: ", Absl(ElementTypeName(view.element_type)), " of shape ",
                   ShapeText(view.dims));
  }
  return view;
}

// Operand 0 followed by operand 1. With the attribute `forks` it has memory of its own.
absl::Status Append(LibraryCall& call) {
  constexpr std::string_view kOp = "heddle.Append";
  HEDDLE_ASSIGN_OR_RETURN(TensorView past, LoadCache(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(TensorView entries, LoadCache(call, kOp, 1));
  Dims dims = ToDims(past.dims);
  if (past.rank() != entries.rank() || past.element_type != entries.element_type ||
      !std::equal(dims.begin() + 1, dims.end(), entries.dims.begin() + 1)) {
    return Invalid(kOp, "entries of shape ", ShapeText(entries.dims), " for a cache of shape ",
                   ShapeText(dims));
  }
  dims[0] += entries.dims[0];
  HEDDLE_RETURN_IF_ERROR(call.CheckResultType(0, past.element_type));
  HEDDLE_ASSIGN_OR_RETURN(MutableTensorView result,
                          call.Grown(0, 0, call.Int("forks", 0) == 0, dims));
  int64_t after = ElementBytes(entries.element_type, entries.count());
  auto* to = static_cast<char*>(result.data) + ElementBytes(past.element_type, past.count());
  if (after > 0) std::memcpy(to, entries.data, after);
  return absl::OkStatus();
}

// The first entries of operand 0, as many as operand 1 says.
absl::Status Truncate(LibraryCall& call) {
  constexpr std::string_view kOp = "heddle.Truncate";
  HEDDLE_ASSIGN_OR_RETURN(TensorView past, LoadCache(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const int64_t> length, Load<int64_t>(call, kOp, 1));
  Dims dims = ToDims(past.dims);
  if (length.size() != 1 || length[0] < 0 || length[0] > dims[0]) {
    return Invalid(kOp, "no version of ", length.empty() ? 0 : length[0],
                   " entries in a cache of shape ", ShapeText(dims));
  }
  dims[0] = length[0];
  HEDDLE_RETURN_IF_ERROR(call.CheckResultType(0, past.element_type));
  return call.Prefix(0, 0, dims);
}

}  // namespace heddle::library
