// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How long a server asks its clients to wait.
//
// Thread-safety: pure functions, but for the clock.

#ifndef HEDDLE_RUNTIME_TOOLS_RETRY_AFTER_H_
#define HEDDLE_RUNTIME_TOOLS_RETRY_AFTER_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "runtime/tools/http_client.h"

namespace heddle {

// The value of a Retry-After header, seconds or a date, at most a day; `now` is seconds since 1970.
std::optional<std::chrono::milliseconds> ParseRetryAfter(std::string_view value, int64_t now);

// Of a response, from now.
std::optional<std::chrono::milliseconds> RetryAfter(const HttpResponse& response);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_RETRY_AFTER_H_
