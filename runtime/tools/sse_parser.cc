// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/sse_parser.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"

namespace heddle {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

bool SseParser::Feed(std::string_view bytes, const std::function<void(SseEvent)>& on_event) {
  while (!bytes.empty() && !too_long_) {
    // A line ends with \n, \r or both, and the two may come in different parts.
    if (std::exchange(after_return_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const size_t end = bytes.find_first_of("\r\n");
    const std::string_view part = bytes.substr(0, end);
    too_long_ = line_.size() + event_.data.size() + part.size() > max_bytes_;
    if (too_long_) break;
    line_ += part;
    if (end == std::string_view::npos) break;
    after_return_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    std::string_view line = line_;
    if (std::exchange(at_start_, false) && line.substr(0, 3) == kByteOrderMark) {
      line.remove_prefix(kByteOrderMark.size());
    }
    Line(line, on_event);
    line_.clear();
  }
  return !too_long_;
}

void SseParser::Reconnect() {
  line_.clear();
  event_ = {};
  after_return_ = has_data_ = false;
  at_start_ = true;
}

void SseParser::Line(std::string_view line, const std::function<void(SseEvent)>& on_event) {
  if (line.empty()) {
    SseEvent event = std::exchange(event_, {});
    if (!std::exchange(has_data_, false)) return;
    event.data.pop_back();
    if (event.type.empty()) event.type = "message";
    return on_event(std::move(event));
  }
  const size_t colon = line.find(':');
  if (colon == 0) return;  // a comment, which keeps the connection open
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  Field(line.substr(0, colon), value);
}

void SseParser::Field(std::string_view name, std::string_view value) {
  if (name == "data") {
    event_.data.append(value).push_back('\n');
    has_data_ = true;
  } else if (name == "event") {
    event_.type = value;
  } else if (name == "id" && value.find('\0') == std::string_view::npos) {
    last_event_id_ = value;
  } else if (int milliseconds; name == "retry" &&
                               absl::SimpleAtoi(std::string(value), &milliseconds) &&
                               milliseconds >= 0) {
    retry_ = std::chrono::milliseconds(milliseconds);
  }
}

}  // namespace heddle
