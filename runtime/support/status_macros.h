// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Early return of a failed status. The temporaries' names carry the line, so that two uses fit in
// one scope.

#ifndef HEDDLE_RUNTIME_SUPPORT_STATUS_MACROS_H_
#define HEDDLE_RUNTIME_SUPPORT_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define HEDDLE_STATUS_CONCAT_(a, b) a##b
#define HEDDLE_STATUS_CONCAT(a, b) HEDDLE_STATUS_CONCAT_(a, b)

#ifndef HEDDLE_RETURN_IF_ERROR
#define HEDDLE_RETURN_IF_ERROR(expression)     \
  do {                                         \
    absl::Status heddle_status = (expression); \
    if (!heddle_status.ok()) [[unlikely]]      \
      return heddle_status;                    \
  } while (false)
#endif

#ifndef HEDDLE_ASSIGN_OR_RETURN
#define HEDDLE_ASSIGN_OR_RETURN(declaration, expression)                                  \
  HEDDLE_ASSIGN_OR_RETURN_(HEDDLE_STATUS_CONCAT(heddle_statusor_, __LINE__), declaration, \
                           expression)
#define HEDDLE_ASSIGN_OR_RETURN_(holder, declaration, expression) \
  auto holder = (expression);                                     \
  if (!holder.ok()) [[unlikely]]                                  \
    return std::move(holder).status();                            \
  declaration = *std::move(holder)
#endif

#endif  // HEDDLE_RUNTIME_SUPPORT_STATUS_MACROS_H_
