// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/library/library_call.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "runtime/library/errors.h"
#include "runtime/support/status_macros.h"

namespace heddle {

absl::StatusOr<MutableTensorView> LibraryCall::Result(int index, ElementType type,
                                                      absl::Span<const int64_t> dims) {
  HEDDLE_RETURN_IF_ERROR(CheckResultType(index, type));
  return MakeResult(index, dims);
}

absl::Status LibraryCall::CheckResultType(int index, ElementType type) const {
  if (result_type(index) == type) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("result ", index, " is to have elements of type ",
                                                 library::Absl(ElementTypeName(result_type(index))),
                                                 ", the function makes ",
                                                 library::Absl(ElementTypeName(type))));
}

absl::StatusOr<MutableTensorView> LibraryCall::Grown(int index, int from, bool /*share*/,
                                                     absl::Span<const int64_t> dims) {
  HEDDLE_ASSIGN_OR_RETURN(MutableTensorView result, MakeResult(index, dims));
  TensorView view = operand(from);
  if (int64_t bytes = ElementBytes(view.element_type, view.count()); bytes > 0) {
    std::memcpy(result.data, view.data, bytes);
  }
  return result;
}

absl::Status LibraryCall::Prefix(int index, int from, absl::Span<const int64_t> dims) {
  HEDDLE_ASSIGN_OR_RETURN(MutableTensorView result, MakeResult(index, dims));
  if (int64_t bytes = ElementBytes(result.element_type, result.count()); bytes > 0) {
    std::memcpy(result.data, operand(from).data, bytes);
  }
  return absl::OkStatus();
}

}  // namespace heddle
