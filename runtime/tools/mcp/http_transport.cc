// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/mcp/http_transport.h"

namespace heddle {
namespace {

constexpr std::chrono::milliseconds kCloseTimeout{2000};

}  // namespace

HttpHeaders HttpTransport::Headers() const {
  HttpHeaders headers = headers_;
  if (!version_.empty()) headers.emplace_back("MCP-Protocol-Version", version_);
  if (!session_.empty()) headers.emplace_back("Mcp-Session-Id", session_);
  return headers;
}

void HttpTransport::Send(McpOutgoing message) {
  const int64_t key = message.id ? *message.id : next_unanswered_--;
  if (!message.id) unanswered_bytes_ += message.text.size();
  HttpHeaders headers = Headers();
  headers.insert(headers.end(), message.headers.begin(), message.headers.end());
  auto exchange = std::make_shared<HttpExchange>(loop_, client_, url_, std::move(headers),
                                                 message.id, EventsOf(key, message));
  exchanges_[key] = exchange;
  exchange->Post(std::move(message.text), !session_.empty(), !session_.empty());
}

HttpExchange::Events HttpTransport::EventsOf(int64_t key, const McpOutgoing& message) {
  // The transport owns its exchanges; what they call may release it, so it is kept meanwhile.
  const auto weak = weak_from_this();
  const auto with = [weak](auto act) {
    if (const std::shared_ptr<HttpTransport> self = weak.lock()) act(*self);
  };
  return {.on_session =
              [with](const std::string& session) {
                with([&](HttpTransport& self) { self.session_ = session; });
              },
          .on_message =
              [with](McpMessage message) {
                with([&](HttpTransport& self) { self.Deliver(std::move(message)); });
              },
          .on_failure =
              [with, id = message.id](McpFailure failure) {
                // That a notification did not arrive is nobody's failure: what depends on it will
                // be.
                if (id) with([&](HttpTransport& self) { self.Fail(*id, std::move(failure)); });
              },
          .on_end =
              [with, key, bytes = message.id ? 0 : message.text.size()] {
                with([&](HttpTransport& self) {
                  self.exchanges_.erase(key);
                  self.unanswered_bytes_ -= bytes;
                });
              }};
}

void HttpTransport::Close(std::function<void()> done) {
  Detach();
  exchanges_.clear();
  if (session_.empty()) return done();
  HttpRequest request;
  request.method = "DELETE";
  request.url = url_;
  request.headers = Headers();
  request.timeout = kCloseTimeout;
  session_.clear();
  // Whether the server agrees is its own affair.
  close_ = client_.Start(std::move(request),
                         [done = std::move(done)](absl::StatusOr<HttpResponse>) { done(); });
}

}  // namespace heddle
