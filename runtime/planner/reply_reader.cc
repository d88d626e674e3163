// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/planner/reply_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

constexpr std::string_view kThink = "<think>", kEndThink = "</think>";
constexpr int64_t kMaxToolCalls = 10'000;

const Json* Member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string Text(const Json* value) {
  return value && value->is_string() ? value->get<std::string>() : std::string();
}

absl::Status Garbage(std::string_view what, std::string_view text) {
  return absl::DataLossError(
      absl::StrCat("the language model's server sent ", Absl(what), ": ", Quoted(text)));
}

int64_t Count(const Json& usage, const char* name) {
  const Json* count = Member(usage, name);
  return count && count->is_number_integer() ? std::max<int64_t>(0, count->get<int64_t>()) : 0;
}

}  // namespace

std::string ErrorTextOf(const Json& body) {
  const Json* error = Member(body, "error");
  if (!error) return "";
  if (error->is_string()) return error->get<std::string>();
  const std::string message = Text(Member(*error, "message"));
  return message.empty() ? ToText(*error) : message;
}

absl::Status ReplyReader::Feed(std::string_view bytes) {
  if (!status_.ok() || done_) return status_;
  bytes_ += bytes.size();
  if (bytes_ > 4 * max_bytes_) {
    status_ = absl::ResourceExhaustedError("the language model's reply is too long");
  } else if (!streams_) {
    whole_ += bytes;
  } else if (!parser_.Feed(bytes, [this](const SseEvent& event) {
               if (status_.ok() && !done_) status_ = OnData(event.data);
             })) {
    status_ =
        absl::ResourceExhaustedError("the language model's server sent an event that is too long");
  }
  return status_;
}

absl::Status ReplyReader::OnData(const std::string& data) {
  if (data == "[DONE]") {
    done_ = true;
    return absl::OkStatus();
  }
  const absl::StatusOr<Json> json = ParseJson(data, {.max_bytes = max_bytes_});
  if (!json.ok() || !json->is_object()) return Garbage("an event that is no JSON object", data);
  if (const std::string error = ErrorTextOf(*json); !error.empty()) {
    return absl::UnavailableError(absl::StrCat("the language model's server failed: ", error));
  }
  TakeUsage(*json);
  const Json* choices = Member(*json, "choices");
  // The usage comes in an event of its own.
  if (!choices || !choices->is_array()) return absl::OkStatus();
  for (const Json& choice : *choices) HEDDLE_RETURN_IF_ERROR(OnChoice(choice));
  return absl::OkStatus();
}

absl::Status ReplyReader::OnChoice(const Json& choice) {
  if (const Json* index = Member(choice, "index"); index && *index != 0) return absl::OkStatus();
  const Json* delta = Member(choice, "delta");
  if (!delta) delta = Member(choice, "message");
  if (delta) {
    if (const Json* content = Member(*delta, "content")) {
      if (!content->is_string()) return Garbage("content that is no text", ToText(*content));
      OnContent(content->get_ref<const std::string&>());
    }
    if (const Json* calls = Member(*delta, "tool_calls"))
      HEDDLE_RETURN_IF_ERROR(OnToolCalls(*calls));
  }
  if (const std::string reason = Text(Member(choice, "finish_reason")); !reason.empty()) {
    finish_reason_ = reason;
  }
  return absl::OkStatus();
}

// In a stream a call comes in parts: its index in each, its name once, its arguments piece by
// piece.
absl::Status ReplyReader::OnToolCalls(const Json& calls) {
  if (!calls.is_array()) return Garbage("tool calls that are no list", ToText(calls));
  for (const Json& part : calls) {
    const std::string id = Text(Member(part, "id"));
    const Json* index_member = Member(part, "index");
    // Some servers send whole calls and do not count them.
    const bool is_next = calls_.empty() || (!id.empty() && calls_.rbegin()->second.id != id);
    int64_t index = (calls_.empty() ? -1 : calls_.rbegin()->first) + (is_next ? 1 : 0);
    if (index_member) {
      if (!index_member->is_number_integer()) return Garbage("a broken tool call", ToText(part));
      index = index_member->get<int64_t>();
    }
    if (index < next_call_ || index > kMaxToolCalls)
      return Garbage("a broken tool call", ToText(part));
    PassOnCallsBefore(index);
    ChatToolCall& call = calls_[index];
    if (!id.empty()) call.id = id;
    const Json* function = Member(part, "function");
    if (!function) continue;
    if (const std::string name = Text(Member(*function, "name")); !name.empty()) call.name = name;
    if (const Json* arguments = Member(*function, "arguments"))
      call.arguments += ToPlainText(*arguments);
  }
  return absl::OkStatus();
}

void ReplyReader::PassOnCallsBefore(int64_t index) {
  for (auto it = calls_.lower_bound(next_call_); it != calls_.end() && it->first < index; ++it) {
    next_call_ = it->first + 1;
    if (events_.on_tool_call) events_.on_tool_call(it->second);
  }
}

void ReplyReader::OnContent(std::string_view text) {
  if (thinking_ == Thinking::kNo) return PassOn(text);
  held_ += text;
  if (thinking_ == Thinking::kMaybe) {
    const size_t begin = held_.find_first_not_of(" \t\r\n");
    if (begin == std::string::npos) return;
    const std::string_view start = std::string_view(held_).substr(begin, kThink.size());
    if (start != kThink.substr(0, start.size())) {
      thinking_ = Thinking::kNo;
      return PassOn(std::exchange(held_, {}));
    }
    if (start.size() < kThink.size()) return;
    thinking_ = Thinking::kYes;
  }
  const size_t end = held_.find(kEndThink);
  if (end == std::string::npos) {
    held_.erase(0, held_.size() - std::min(held_.size(), kEndThink.size() - 1));
    return;
  }
  thinking_ = Thinking::kNo;
  PassOn(held_.substr(end + kEndThink.size()));
  held_.clear();
}

void ReplyReader::PassOn(std::string_view text) {
  if (text.empty()) return;
  reply_.content += text;
  if (events_.on_content) events_.on_content(text);
}

void ReplyReader::TakeUsage(const Json& object) {
  const Json* usage = Member(object, "usage");
  if (!usage) return;
  // Some servers send what it is so far with every event.
  reply_.usage = {Count(*usage, "prompt_tokens"), Count(*usage, "completion_tokens")};
}

absl::StatusOr<ChatReply> ReplyReader::End() {
  HEDDLE_RETURN_IF_ERROR(status_);
  if (!streams_) {
    const absl::StatusOr<Json> json = ParseJson(whole_, {.max_bytes = max_bytes_});
    if (!json.ok() || !json->is_object() ||
        (!Member(*json, "choices") && ErrorTextOf(*json).empty())) {
      return Garbage("a response that is no completion", whole_);
    }
    HEDDLE_RETURN_IF_ERROR(OnData(whole_));
    done_ = true;
  }
  if (!done_ && finish_reason_.empty()) {
    return absl::UnavailableError("the language model's reply broke off before its end");
  }
  if (finish_reason_ == "length") {
    return absl::ResourceExhaustedError(
        "the language model's reply was cut off at its limit of tokens");
  }
  if (finish_reason_ == "content_filter") {
    return absl::FailedPreconditionError(
        "the language model's server withheld the reply (content_filter)");
  }
  if (thinking_ == Thinking::kMaybe) PassOn(std::exchange(held_, {}));
  PassOnCallsBefore(kMaxToolCalls + 1);
  for (auto& [index, call] : calls_) reply_.tool_calls.push_back(std::move(call));
  calls_.clear();
  return std::move(reply_);
}

}  // namespace heddle
