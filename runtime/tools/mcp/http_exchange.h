// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One message to an MCP server over HTTP and what comes back for it, over as many connections as
// that takes.
//
// Thread-safety: on the loop's thread. Releasing an exchange cancels it, also inside its callbacks.

#ifndef HEDDLE_RUNTIME_TOOLS_MCP_HTTP_EXCHANGE_H_
#define HEDDLE_RUNTIME_TOOLS_MCP_HTTP_EXCHANGE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/tools/event_loop.h"
#include "runtime/tools/http_client.h"
#include "runtime/tools/mcp/transport.h"
#include "runtime/tools/sse_parser.h"

namespace heddle {

class HttpExchange : public std::enable_shared_from_this<HttpExchange> {
 public:
  struct Events {
    std::function<void(const std::string& session)> on_session;
    std::function<void(McpMessage)> on_message;
    std::function<void(McpFailure)> on_failure;
    std::function<void()> on_end;  // nothing comes any more; also after a failure
  };

  // `id`: of the request in `body`, or none. `headers`: of each request of the exchange.
  HttpExchange(EventLoop& loop, HttpClient& client, std::string url, HttpHeaders headers,
               std::optional<int64_t> id, Events events)
      : loop_(loop),
        client_(client),
        url_(std::move(url)),
        headers_(std::move(headers)),
        id_(id),
        events_(std::move(events)),
        parser_(kMaxMcpMessageBytes) {}

  // `in_session`: the server knows this client, so that "not found" says that it has forgotten it.
  void Post(std::string body, bool in_session, bool resumable);

 private:
  void Start(HttpRequest request);
  void OnHead(const HttpResponse& head);
  void OnBody(std::string_view bytes);
  void OnDone(absl::StatusOr<HttpResponse> response);
  void OnText(std::string_view text);
  void OnMessage(McpMessage message);
  void OnErrorStatus();
  // Asks for the rest of a stream that ended too early. False where that cannot be.
  bool Resume();
  void Fail(McpFailure failure);
  void Unanswered(std::string why);
  void End();

  EventLoop& loop_;
  HttpClient& client_;
  const std::string url_;
  const HttpHeaders headers_;
  const std::optional<int64_t> id_;
  Events events_;

  bool in_session_ = false, resumable_ = false, streams_ = false, answered_ = false;
  bool resuming_ = false;
  HttpResponse head_;
  std::string body_;
  SseParser parser_;
  int resumed_ = 0;  // without an event since
  EventLoop::Timer timer_;
  std::unique_ptr<HttpCall> call_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_MCP_HTTP_EXCHANGE_H_
