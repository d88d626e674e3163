// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A language model behind an OpenAI-compatible endpoint.
//
//   HEDDLE_ASSIGN_OR_RETURN(auto client, ChatClient::Create(loop, http, {.url = url, .model =
//   name})); std::unique_ptr<ChatCall> call = client->Start(
//       {.messages = {{"user", "Hello"}}}, {.on_content = print},
//       [](absl::StatusOr<ChatReply> reply) { ... });
//
// A request is made again where it failed before anything of the reply came: a connection that
// failed, 408, 429 and 5xx, after the pause that the server asked for. A server that does not know
// stream_options, response_format or streams is asked without them. The key is in no message.
//
// Thread-safety: on the loop's thread. Ownership: loop and HTTP client outlive the client, the
// client its calls. Destroying a call cancels it, also inside its own callbacks; none comes after.

#ifndef HEDDLE_RUNTIME_PLANNER_CHAT_CLIENT_H_
#define HEDDLE_RUNTIME_PLANNER_CHAT_CLIENT_H_

#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <string>

#include "absl/status/statusor.h"
#include "runtime/planner/chat.h"
#include "runtime/tools/event_loop.h"
#include "runtime/tools/http_client.h"

namespace heddle {

struct ChatOptions {
  std::string url = {};  // with or without /chat/completions at its end
  std::string model = {};
  std::string key_env = {};  // the environment variable that holds the key; empty: none is sent
  int max_retries = 3;
  std::chrono::milliseconds backoff{500};       // doubles, with jitter
  std::chrono::milliseconds max_pause{60'000};  // a server that asks for more is an error
  std::chrono::milliseconds silence{300'000};   // without a byte: given up
  size_t max_reply_bytes = size_t{16} << 20;
};

class ChatCall {
 public:
  virtual ~ChatCall() = default;
};

class ChatClient {
 public:
  using Done = std::function<void(absl::StatusOr<ChatReply>)>;

  // InvalidArgument where an option is wrong or the key's variable is not set.
  static absl::StatusOr<std::unique_ptr<ChatClient>> Create(EventLoop& loop, HttpClient& http,
                                                            ChatOptions options);

  // `done` is called once, never before this returns.
  std::unique_ptr<ChatCall> Start(ChatRequest request, ChatEvents events, Done done);

 private:
  class Call;
  ChatClient(EventLoop& loop, HttpClient& http, ChatOptions options, std::string key)
      : loop_(loop), http_(http), options_(std::move(options)), key_(std::move(key)) {}

  HttpRequest MakeRequest(const ChatRequest& request) const;
  // What the server said it does not know, of what was asked: from now on it is not asked any more.
  bool Downgrade(const std::string& error, const ChatRequest& request);
  std::string WithoutKey(std::string text) const;

  EventLoop& loop_;
  HttpClient& http_;
  const ChatOptions options_;
  const std::string key_;
  bool streams_ = true, asks_usage_ = true, formats_ = true;
  std::minstd_rand random_{std::random_device()()};
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLANNER_CHAT_CLIENT_H_
