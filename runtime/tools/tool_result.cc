// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/tool_result.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace heddle {

constexpr size_t kMessageBytes = 4096;

Json ResultFromText(std::string text) {
  absl::StatusOr<Json> json = ParseJson(text, {});
  if (json.ok()) return *std::move(json);
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

std::string ShortMessage(std::string_view text) {
  const absl::string_view whole = absl::StripAsciiWhitespace({text.data(), text.size()});
  if (whole.size() <= kMessageBytes) return std::string(whole);
  size_t start = whole.size() - kMessageBytes;
  while (start < whole.size() && (whole[start] & 0xC0) == 0x80) ++start;  // a whole character
  return absl::StrCat("... ", whole.substr(start));
}

ToolError ErrorFromStatus(const absl::Status& status) {
  return {.message = std::string(status.message()),
          .may_retry = absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status),
          .retry_after = std::nullopt};
}

size_t BatchCalls(const Json& arguments) { return arguments.is_array() ? arguments.size() : 0; }

ToolOutcome CheckBatch(size_t batch_calls, ToolOutcome outcome) {
  const Json* result = std::get_if<Json>(&outcome);
  if (batch_calls == 0 || !result) return outcome;
  if (result->is_array() && result->size() == batch_calls) return outcome;
  return ToolError{
      .message = absl::StrCat(
          "a batch of ", batch_calls, " calls must give a list of as many results, not ",
          result->is_array() ? absl::StrCat(result->size()) : result->type_name()),
      .may_retry = false,
      .retry_after = std::nullopt};
}

}  // namespace heddle
