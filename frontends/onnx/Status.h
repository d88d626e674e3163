// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Errors of the frontend: absl::Status made from LLVM's strings, and early returns.

#ifndef HEDDLE_FRONTENDS_ONNX_STATUS_H
#define HEDDLE_FRONTENDS_ONNX_STATUS_H

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "llvm/ADT/Twine.h"

namespace heddle {

inline absl::Status invalidInput(const llvm::Twine &message) {
  return absl::InvalidArgumentError(message.str());
}

inline absl::Status unsupported(const llvm::Twine &message) {
  return absl::UnimplementedError(message.str());
}

/// The same error, said of something.
inline absl::Status prefixed(const llvm::Twine &prefix, const absl::Status &status) {
  return absl::Status(status.code(), (prefix + std::string(status.message())).str());
}

} // namespace heddle

/// Returns from the function where the expression is not OK.
#define HEDDLE_RETURN_IF_ERROR(expression)                                                         \
  if (absl::Status heddleStatus = (expression); !heddleStatus.ok())                                \
  return heddleStatus

#define HEDDLE_JOIN_INNER(a, b) a##b
#define HEDDLE_JOIN(a, b) HEDDLE_JOIN_INNER(a, b)

/// Declares `declaration` with what the StatusOr holds, or returns its error.
#define HEDDLE_ASSIGN_OR_RETURN(declaration, expression)                                           \
  HEDDLE_ASSIGN_OR_RETURN_INNER(HEDDLE_JOIN(heddleResult, __LINE__), declaration, expression)
#define HEDDLE_ASSIGN_OR_RETURN_INNER(result, declaration, expression)                             \
  auto result = (expression);                                                                      \
  if (!result.ok())                                                                                \
    return std::move(result).status();                                                             \
  declaration = std::move(result).value()

#endif // HEDDLE_FRONTENDS_ONNX_STATUS_H
