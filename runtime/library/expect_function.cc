// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The compiler's own assertions about a run.

#include <string>

#include "absl/status/status.h"
#include "runtime/library/functions.h"

namespace heddle::library {

// Operand 0 is a bool of one element that must be `expected`; otherwise the run ends with `message`.
absl::Status Expect(LibraryCall& call) {
  const TensorView condition = call.operand(0);
  if (condition.element_type != ElementType::kBool || condition.count() != 1) {
    return absl::InvalidArgumentError("expect takes one bool");
  }
  const bool expected = call.Int("expected", 1) != 0;
  if (*static_cast<const bool*>(condition.data) == expected) return absl::OkStatus();
  return absl::FailedPreconditionError(
      std::string(call.Text("message", "a condition that the compiler relied on does not hold")));
}

}  // namespace heddle::library
