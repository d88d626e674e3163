// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether and when a failed call is tried again: only what may safely happen twice, only as often as
// the tool allows, after a pause that doubles each time and is jittered, so that calls that failed
// together do not return together.
//
// Thread-safety: pure function.

#ifndef HEDDLE_RUNTIME_PLAN_RETRY_POLICY_H_
#define HEDDLE_RUNTIME_PLAN_RETRY_POLICY_H_

#include <algorithm>
#include <chrono>
#include <optional>

#include "runtime/tools/tool.h"

namespace heddle {

// `attempts`: how often it was tried; `jitter`: between 0 and 1. None: it is given up.
inline std::optional<std::chrono::milliseconds> PauseBeforeRetry(const ToolDescription& tool,
                                                                 const ToolError& error,
                                                                 int attempts, double jitter) {
  using std::chrono::milliseconds;
  constexpr milliseconds kLongest = std::chrono::minutes(1);
  // A server that wants us back in a quarter of an hour has refused.
  constexpr milliseconds kLongestAsked = std::chrono::minutes(15);
  if (!tool.repeatable() || !error.may_retry || attempts > tool.retries) return std::nullopt;
  milliseconds asked = error.retry_after.value_or(milliseconds(0));
  if (asked > kLongestAsked) return std::nullopt;
  milliseconds pause = std::clamp(tool.backoff, milliseconds(1), kLongest);
  for (int attempt = 1; attempt < attempts && pause < kLongest; ++attempt) pause *= 2;
  pause = std::min(pause, kLongest);
  return std::max(asked, std::chrono::duration_cast<milliseconds>(pause * (0.5 + 0.5 * jitter)));
}

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLAN_RETRY_POLICY_H_
