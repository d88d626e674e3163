// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/planner/call_log.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace heddle {
namespace {

// Of all results together, about: what most models can read. Each gets its share.
constexpr size_t kMaxShown = 200'000, kMaxShownEach = 20'000, kMinShownEach = 200;

bool HasResult(const CallReport& report) {
  return report.status == CallStatus::kOk || report.status == CallStatus::kDeduplicated ||
         report.status == CallStatus::kResumed;
}

}  // namespace

void CallLog::Add(CallId id, std::string tool, std::string line) {
  calls_[id] = {std::move(tool), std::move(line), std::nullopt, false};
}

void CallLog::End(const CallReport& report) {
  const auto found = calls_.find(report.id);
  if (found == calls_.end() || found->second.result) return;
  found->second.failed = !HasResult(report);
  found->second.result = found->second.failed ? report.error : ToText(report.result);
  ++ended_;
}

std::vector<std::pair<CallId, std::string>> CallLog::ToolsById() const {
  std::vector<std::pair<CallId, std::string>> tools;
  for (const auto& [id, call] : calls_) tools.emplace_back(id, call.tool);
  return tools;
}

std::string CallLog::Shortened(CallId id, const std::string& text) const {
  const size_t each = std::clamp(kMaxShown / calls_.size(), kMinShownEach, kMaxShownEach);
  if (text.size() <= each) return text;
  size_t end = each;
  while (end > 0 && (text[end] & 0xC0) == 0x80) --end;  // a whole character
  return absl::StrCat(text.substr(0, end), "... (", text.size() - end, " bytes more; $", id,
                      " is all of it)");
}

std::string CallLog::ResultText(CallId id) const {
  const Call& call = calls_.at(id);
  return absl::StrCat(call.failed ? "failed: " : "", Shortened(id, call.result.value_or("")));
}

std::string CallLog::Text() const {
  std::string text;
  for (const auto& [id, call] : calls_) {
    absl::StrAppend(&text, call.line, "\n");
    if (call.result) absl::StrAppend(&text, "   ", call.failed ? "" : "= ", ResultText(id), "\n");
  }
  return text;
}

}  // namespace heddle
