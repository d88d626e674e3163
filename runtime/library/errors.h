// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one way library functions word their errors: "Slice: starts has 3 ...".

#ifndef HEDDLE_RUNTIME_LIBRARY_ERRORS_H_
#define HEDDLE_RUNTIME_LIBRARY_ERRORS_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "runtime/support/status_macros.h"

namespace heddle::library {

inline absl::string_view Absl(std::string_view s) { return {s.data(), s.size()}; }

// "OPERATOR: " followed by the parts.
template <typename... Parts>
absl::Status Invalid(std::string_view op, const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(Absl(op), ": ", parts...));
}

template <typename... Parts>
absl::Status OutOfRange(std::string_view op, const Parts&... parts) {
  return absl::OutOfRangeError(absl::StrCat(Absl(op), ": ", parts...));
}

template <typename... Parts>
absl::Status Unimplemented(std::string_view op, const Parts&... parts) {
  return absl::UnimplementedError(absl::StrCat(Absl(op), ": ", parts...));
}

inline absl::Status NoMemory(std::string_view op, int64_t bytes) {
  return absl::ResourceExhaustedError(
      absl::StrCat(Absl(op), ": no memory left for ", bytes, " bytes of working space"));
}

}  // namespace heddle::library

#endif  // HEDDLE_RUNTIME_LIBRARY_ERRORS_H_
