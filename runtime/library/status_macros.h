// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Early return of errors, and the one way library functions word them: "Slice: starts has 3 ...".

#ifndef HEDDLE_RUNTIME_LIBRARY_STATUS_MACROS_H_
#define HEDDLE_RUNTIME_LIBRARY_STATUS_MACROS_H_

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#define HEDDLE_LIBRARY_CONCAT_INNER(a, b) a##b
#define HEDDLE_LIBRARY_CONCAT(a, b) HEDDLE_LIBRARY_CONCAT_INNER(a, b)

#define LIB_RETURN_IF_ERROR(expression)                      \
  do {                                                       \
    if (absl::Status lib_status = (expression); !lib_status.ok()) return lib_status; \
  } while (false)

#define LIB_ASSIGN_OR_RETURN(lhs, expression) \
  LIB_ASSIGN_OR_RETURN_IMPL(HEDDLE_LIBRARY_CONCAT(lib_statusor_, __LINE__), lhs, expression)
#define LIB_ASSIGN_OR_RETURN_IMPL(holder, lhs, expression) \
  auto holder = (expression);                              \
  if (!holder.ok()) return std::move(holder).status();     \
  lhs = *std::move(holder)

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

#endif  // HEDDLE_RUNTIME_LIBRARY_STATUS_MACROS_H_
