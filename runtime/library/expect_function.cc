// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the compiler relied on and only the run can tell (heddle.expect).

#include "runtime/library/errors.h"
#include "runtime/library/functions.h"

namespace heddle::library {

absl::Status Expect(LibraryCall& call) {
  TensorView condition = call.operand(0);
  if (condition.element_type != ElementType::kBool || condition.count() != 1) {
    return Invalid("expect", "the condition is not one bool");
  }
  bool value = *static_cast<const uint8_t*>(condition.data) != 0;
  if (value == (call.Int("expected", 1) != 0)) return absl::OkStatus();
  return Invalid("If", Absl(call.Text("message", "a condition does not hold")));
}

}  // namespace heddle::library
