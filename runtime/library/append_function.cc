// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Caches that grow along axis 0.

#include <cstring>

#include "absl/status/status.h"
#include "runtime/library/buffers.h"
#include "runtime/library/errors.h"
#include "runtime/library/functions.h"
#include "runtime/support/status_macros.h"

namespace heddle::library {

// Operand 0 followed by operand 1. Where the result is where operand 0 is, only the rest moves.
absl::Status Append(LibraryCall& call) {
  constexpr std::string_view kOp = "heddle.Append";
  HEDDLE_ASSIGN_OR_RETURN(RawOperand past, LoadRaw(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(RawOperand entries, LoadRaw(call, kOp, 1));
  Dims dims = past.dims;
  if (dims.empty() || dims.size() != entries.dims.size() || past.size != entries.size ||
      !std::equal(dims.begin() + 1, dims.end(), entries.dims.begin() + 1)) {
    return Invalid(kOp, "entries of shape ", ShapeText(entries.dims), " for a cache of shape ",
                   ShapeText(past.dims));
  }
  dims[0] += entries.dims[0];
  HEDDLE_ASSIGN_OR_RETURN(MutableTensorView result, call.Result(0, dims));
  auto* to = static_cast<uint8_t*>(result.data);
  int64_t before = past.count() * past.size, after = entries.count() * entries.size;
  if (before > 0 && to != past.data) std::memcpy(to, past.data, before);
  if (after > 0) std::memcpy(to + before, entries.data, after);
  return absl::OkStatus();
}

}  // namespace heddle::library
