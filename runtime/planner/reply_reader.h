// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model's reply out of the bytes of an HTTP response: server-sent events with deltas, or one JSON
// object. Servers differ, so what is missing is no error as long as the reply's end is certain.
//
//   ReplyReader reader({.on_content = ...}, 64 << 20);
//   reader.Begin(/*streams=*/true);
//   absl::Status status = reader.Feed(bytes); ...
//   absl::StatusOr<ChatReply> reply = reader.End();
//
// What a reasoning model writes between <think> and </think> before its reply is not part of it.
//
// Thread-safety: none.

#ifndef HEDDLE_RUNTIME_PLANNER_REPLY_READER_H_
#define HEDDLE_RUNTIME_PLANNER_REPLY_READER_H_

#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/planner/chat.h"
#include "runtime/tools/sse_parser.h"

namespace heddle {

// "message" of {"error": {"message": ...}} and its relatives; empty where there is no error.
std::string ErrorTextOf(const Json& body);

class ReplyReader {
 public:
  // Callbacks may not destroy the reader.
  ReplyReader(ChatEvents events, size_t max_bytes)
      : events_(std::move(events)), max_bytes_(max_bytes), parser_(max_bytes) {}

  void Begin(bool streams) { streams_ = streams; }
  // DataLoss where it is no reply, ResourceExhausted where it is too long. The first error stays.
  absl::Status Feed(std::string_view bytes);
  // After the last byte. Unavailable where the stream broke off.
  absl::StatusOr<ChatReply> End();

  bool is_done() const { return done_; }  // nothing follows that counts
  // Something of the reply has been passed on, so it cannot be asked for again.
  bool has_begun() const { return !reply_.content.empty() || next_call_ > 0 || !calls_.empty(); }

 private:
  absl::Status OnData(const std::string& data);
  absl::Status OnChoice(const Json& choice);
  absl::Status OnToolCalls(const Json& calls);
  void OnContent(std::string_view text);
  void PassOn(std::string_view text);
  void PassOnCallsBefore(int64_t index);
  void TakeUsage(const Json& object);

  const ChatEvents events_;
  const size_t max_bytes_;
  SseParser parser_;
  bool streams_ = true, done_ = false;
  std::string whole_;  // of a response that does not stream
  std::string finish_reason_;
  absl::Status status_;
  ChatReply reply_;
  size_t bytes_ = 0;
  std::map<int64_t, ChatToolCall> calls_;  // by index; those from next_call_ on are not complete
  int64_t next_call_ = 0;
  enum class Thinking { kMaybe, kYes, kNo } thinking_ = Thinking::kMaybe;
  std::string held_;  // may be the beginning of <think>, or the end of </think>
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLANNER_REPLY_READER_H_
