// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What every function of the C ABI that compiles shares: options translated, exceptions kept inside.

#ifndef HEDDLE_COMPILER_C_API_COMPILATION_H
#define HEDDLE_COMPILER_C_API_COMPILATION_H

#include "compiler/Compile.h"
#include "heddle/compiler.h"
#include "runtime/c_api/versioned_struct.h"

#include <algorithm>
#include <new>

struct HeddleCompilation {
  absl::Status status;
  std::string message;
  std::vector<uint8_t> bytes;
  bool inMemory = false;
  heddle::CompileStatistics statistics;
};

namespace heddle {

HEDDLE_FIRST_VERSION_ENDS_WITH(HeddleCompileOptions, progress_user);
HEDDLE_FIRST_VERSION_ENDS_WITH(HeddleCompileStatistics, kernels);

/// The caller's options, those of an older version or null among them.
absl::Status translateOptions(const HeddleCompileOptions *given, CompileOptions &options);

/// Makes the bytes the result.
absl::Status keep(absl::StatusOr<std::vector<uint8_t>> bytes, HeddleCompilation &result);

/// Runs `body(options, result)` and turns whatever it does into a result.
template <typename Body>
HeddleCompilation *compileGuarded(const HeddleCompileOptions *given, Body body) {
  auto *result = new (std::nothrow) HeddleCompilation;
  if (!result)
    return nullptr;
  try {
    CompileOptions options;
    result->status = translateOptions(given, options);
    if (result->status.ok())
      result->status = body(options, *result);
    result->message = std::string(result->status.message());
    std::replace(result->message.begin(), result->message.end(), '\n', ' ');
  } catch (const std::bad_alloc &) {
    // These two take no memory; heddle_compilation_message has words for them.
    result->status = absl::Status(absl::StatusCode::kResourceExhausted, "");
  } catch (...) {
    result->status = absl::Status(absl::StatusCode::kInternal, "");
  }
  return result;
}

} // namespace heddle

#endif // HEDDLE_COMPILER_C_API_COMPILATION_H
