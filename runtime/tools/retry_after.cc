// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/retry_after.h"

#include <curl/curl.h>
#include <time.h>

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "runtime/support/text.h"

namespace heddle {

constexpr int64_t kMaxPauseSeconds = 24 * 3600;

std::optional<std::chrono::milliseconds> ParseRetryAfter(std::string_view value, int64_t now) {
  const std::string text(absl::StripAsciiWhitespace(Absl(value)));
  if (text.empty()) return std::nullopt;
  int64_t seconds;
  if (!std::all_of(text.begin(), text.end(), absl::ascii_isdigit)) {
    const time_t date = curl_getdate(text.c_str(), nullptr);
    if (date < 0) return std::nullopt;
    seconds = std::max<int64_t>(0, date - now);
  } else if (!absl::SimpleAtoi(text, &seconds)) {
    seconds = kMaxPauseSeconds;  // more digits than a number has
  }
  return std::chrono::seconds(std::min(seconds, kMaxPauseSeconds));
}

std::optional<std::chrono::milliseconds> RetryAfter(const HttpResponse& response) {
  return ParseRetryAfter(response.Header("Retry-After"), time(nullptr));
}

}  // namespace heddle
