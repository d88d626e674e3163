// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An MCP server behind a URL ("streamable HTTP"): each message is a POST of its own, answered by
// JSON or by a stream of events. A session, where the server opens one, is kept; a stream that
// breaks is taken up again where its events have ids.
//
// Thread-safety: on the loop's thread. The loop and the client outlive the transport.

#ifndef HEDDLE_RUNTIME_TOOLS_MCP_HTTP_TRANSPORT_H_
#define HEDDLE_RUNTIME_TOOLS_MCP_HTTP_TRANSPORT_H_

#include <map>
#include <memory>
#include <string>

#include "runtime/tools/event_loop.h"
#include "runtime/tools/mcp/http_exchange.h"
#include "runtime/tools/mcp/transport.h"

namespace heddle {

class HttpTransport : public McpTransport, public std::enable_shared_from_this<HttpTransport> {
 public:
  HttpTransport(EventLoop& loop, HttpClient& client, std::string url, HttpHeaders headers,
                Events events)
      : McpTransport(std::move(events)),
        loop_(loop),
        client_(client),
        url_(std::move(url)),
        headers_(std::move(headers)) {}

  void Send(McpOutgoing message) override;
  void Drop(int64_t id) override { exchanges_.erase(id); }
  void SetVersion(const std::string& version) override { version_ = version; }
  bool drop_cancels() const override { return true; }
  size_t backlog() const override { return unanswered_bytes_; }
  void Close(std::function<void()> done) override;

 private:
  HttpHeaders Headers() const;
  HttpExchange::Events EventsOf(int64_t key, const McpOutgoing& message);

  EventLoop& loop_;
  HttpClient& client_;
  const std::string url_;
  const HttpHeaders headers_;  // of the user, in each request
  std::string version_, session_;
  // By the id of the request; those that expect no answer have negative numbers.
  std::map<int64_t, std::shared_ptr<HttpExchange>> exchanges_;
  int64_t next_unanswered_ = -1;
  size_t unanswered_bytes_ = 0;
  std::unique_ptr<HttpCall> close_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_MCP_HTTP_TRANSPORT_H_
