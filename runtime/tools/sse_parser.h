// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Server-sent events out of the bytes of a response, in whatever parts they come.
//
//   SseParser parser;
//   request.on_body = [&](std::string_view bytes) {
//     if (!parser.Feed(bytes, [&](SseEvent event) { ... })) GiveUp();
//   };
//
// Thread-safety: as a value.

#ifndef HEDDLE_RUNTIME_TOOLS_SSE_PARSER_H_
#define HEDDLE_RUNTIME_TOOLS_SSE_PARSER_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace heddle {

struct SseEvent {
  std::string type;  // "message" where the stream names none
  std::string data;  // its lines, with \n between them
};

class SseParser {
 public:
  explicit SseParser(size_t max_event_bytes = size_t{64} << 20) : max_bytes_(max_event_bytes) {}

  // Calls back for each event that is complete; one that the stream's end cuts off is none. False
  // where an event is too long, and from then on. The callback may not destroy the parser.
  bool Feed(std::string_view bytes, const std::function<void(SseEvent)>& on_event);

  // What comes next is the beginning of another response, which goes on where the last one ended.
  void Reconnect();

  // What a client says to get the events after the last one: empty where the stream has no ids.
  const std::string& last_event_id() const { return last_event_id_; }
  // How long the server wants a client to wait before it connects again.
  std::optional<std::chrono::milliseconds> retry() const { return retry_; }

 private:
  void Line(std::string_view line, const std::function<void(SseEvent)>& on_event);
  void Field(std::string_view name, std::string_view value);

  size_t max_bytes_;
  std::string line_;  // what has come of it
  bool after_return_ = false, at_start_ = true, too_long_ = false, has_data_ = false;
  SseEvent event_;
  std::string last_event_id_;
  std::optional<std::chrono::milliseconds> retry_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_SSE_PARSER_H_
