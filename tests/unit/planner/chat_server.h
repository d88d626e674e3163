// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A language model's server with a script: each request takes the next step of it, which says what
// is streamed, with which pauses and which faults. Requests are kept, to look at what was asked.
//
//   ChatServer server({Stream("1. search(\"x\")\n2. join()"), Stream("...")});
//   ... server.url() ...; server.request(0)["messages"] ...

#ifndef HEDDLE_TESTS_UNIT_PLANNER_CHAT_SERVER_H_
#define HEDDLE_TESTS_UNIT_PLANNER_CHAT_SERVER_H_

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/plan/json.h"
#include "tests/unit/tools/http_server.h"

namespace heddle {

// A piece of a response, after a pause.
struct ChatPiece {
  std::string bytes;
  std::chrono::milliseconds pause{0};
};

struct ChatStep {
  int status = 200;
  std::string headers = {};  // lines, each with "\r\n"
  std::vector<ChatPiece> pieces = {};
  bool breaks_off = false;  // the connection is reset after the last piece
};

inline std::string Event(const Json& json) { return "data: " + ToText(json) + "\n\n"; }

inline std::string ContentEvent(const std::string& text) {
  return Event({{"choices", {{{"index", 0}, {"delta", {{"content", text}}}}}}});
}

inline std::string EndEvents(const std::string& reason = "stop") {
  return Event({{"choices",
                 {{{"index", 0}, {"delta", Json::object()}, {"finish_reason", reason}}}}}) +
         Event({{"choices", Json::array()},
                {"usage", {{"prompt_tokens", 10}, {"completion_tokens", 5}}}}) +
         "data: [DONE]\n\n";
}

// A reply, line by line.
inline ChatStep Stream(const std::string& text,
                       std::chrono::milliseconds pause = std::chrono::milliseconds(0)) {
  ChatStep step;
  step.headers = "Content-Type: text/event-stream\r\n";
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    step.pieces.push_back({ContentEvent(text.substr(at, end - at)), pause});
    at = end;
  }
  step.pieces.push_back({EndEvents(), pause});
  return step;
}

inline ChatStep Raw(std::vector<ChatPiece> pieces) {
  return {
      .status = 200, .headers = "Content-Type: text/event-stream\r\n", .pieces = std::move(pieces)};
}

inline ChatStep Error(int status, const std::string& body, const std::string& headers = "") {
  return {.status = status, .headers = headers, .pieces = {{body}}};
}

inline ChatStep JsonBody(const Json& json) {
  return {.headers = "Content-Type: application/json\r\n", .pieces = {{ToText(json)}}};
}

inline ChatStep Finish(const std::string& answer) {
  return Stream(ToText(Json{{"thought", "enough"}, {"action", "finish"}, {"answer", answer}}));
}

inline ChatStep Replan(const std::string& why) {
  return Stream(ToText(Json{{"thought", why}, {"action", "replan"}, {"answer", ""}}));
}

class ChatServer {
 public:
  explicit ChatServer(std::vector<ChatStep> steps)
      : steps_(std::move(steps)),
        server_([this](const HttpServer::Request& request, HttpServer::Connection& connection) {
          Serve(request, connection);
        }) {}

  std::string url() const { return server_.url() + "/v1"; }
  size_t requests() {
    std::lock_guard lock(mutex_);
    return requests_.size();
  }
  Json request(size_t index) {
    std::lock_guard lock(mutex_);
    return index < requests_.size() ? ParseJson(requests_[index].body, {}).value() : Json();
  }
  HttpServer::Request raw_request(size_t index) {
    std::lock_guard lock(mutex_);
    return requests_.at(index);
  }
  // What the last message of a request says.
  std::string last_message(size_t index) {
    const Json json = request(index);
    return json.is_null() ? "" : json["messages"].back()["content"].get<std::string>();
  }

 private:
  void Serve(const HttpServer::Request& request, HttpServer::Connection& connection) {
    ChatStep step;
    {
      std::lock_guard lock(mutex_);
      if (requests_.size() >= steps_.size())
        step = Error(418, "the script is over");
      else
        step = steps_[requests_.size()];
      requests_.push_back(request);
    }
    if (step.status != 200) {
      connection.Respond(step.status, step.pieces[0].bytes, step.headers);
      return;
    }
    connection.StartChunks(step.headers);
    for (const ChatPiece& piece : step.pieces) {
      std::this_thread::sleep_for(piece.pause);
      if (!piece.bytes.empty() && !connection.SendChunk(piece.bytes)) return;
    }
    if (step.breaks_off) return connection.Reset();
    connection.EndChunks();
  }

  const std::vector<ChatStep> steps_;
  std::mutex mutex_;
  std::vector<HttpServer::Request> requests_;
  HttpServer server_;
};

}  // namespace heddle

#endif  // HEDDLE_TESTS_UNIT_PLANNER_CHAT_SERVER_H_
