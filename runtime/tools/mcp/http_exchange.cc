// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/mcp/http_exchange.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/tools/http_tool.h"
#include "runtime/tools/tool_result.h"

namespace heddle {
namespace {

using std::chrono::milliseconds;

// How often a stream is taken up again without that anything new came.
constexpr int kMaxResumes = 5;
constexpr milliseconds kResumePause{1000}, kMaxResumePause{30'000};
// How long a server may take to end a stream whose answer has come; longer, and the connection is
// closed instead of used again.
constexpr milliseconds kAfterAnswer{1000};
// How long notifications and answers to the server may take.
constexpr milliseconds kUnansweredTimeout{30'000};

bool HasType(const HttpResponse& head, std::string_view type) {
  const std::string value(head.Header("Content-Type"));
  return absl::StartsWithIgnoreCase(value, std::string(type));
}

}  // namespace

void HttpExchange::Post(std::string body, bool in_session, bool resumable) {
  in_session_ = in_session;
  resumable_ = resumable;
  HttpRequest request;
  request.method = "POST";
  request.headers = headers_;
  request.body = std::move(body);
  if (!id_) request.timeout = kUnansweredTimeout;
  request.headers.emplace_back("Content-Type", "application/json");
  request.headers.emplace_back("Accept", "application/json, text/event-stream");
  Start(std::move(request));
}

void HttpExchange::Start(HttpRequest request) {
  head_ = {};
  body_.clear();
  request.url = url_;
  request.max_response_bytes = kMaxMcpMessageBytes;
  // Whoever releases the exchange inside a callback releases it after the callback.
  const auto weak = weak_from_this();
  request.on_head = [weak](const HttpResponse& head) {
    if (const auto self = weak.lock()) self->OnHead(head);
  };
  request.on_body = [weak](std::string_view bytes) {
    if (const auto self = weak.lock()) self->OnBody(bytes);
  };
  call_ = client_.Start(std::move(request), [weak](absl::StatusOr<HttpResponse> response) {
    if (const auto self = weak.lock()) self->OnDone(std::move(response));
  });
}

void HttpExchange::OnHead(const HttpResponse& head) {
  head_ = head;
  streams_ = head.status < 300 && HasType(head, "text/event-stream");
  const std::string_view session = head.Header("Mcp-Session-Id");
  const auto call = events_.on_session;
  if (head.status < 300 && !session.empty() && !in_session_ && call) call(std::string(session));
}

void HttpExchange::OnBody(std::string_view bytes) {
  if (!streams_) {
    body_ += bytes;
    return;
  }
  const bool fits = parser_.Feed(bytes, [this](SseEvent event) {
    // One without data only says where a stream can be taken up again.
    if (event.data.empty()) return;
    resumed_ = 0;
    if (event.type == "message") OnText(event.data);
  });
  if (!fits) Unanswered("the server sent an event that is too long for a message");
}

void HttpExchange::OnDone(absl::StatusOr<HttpResponse> response) {
  if (!response.ok()) {
    if (answered_) return End();
    if (streams_ && Resume()) return;
    return Fail({.error = ErrorFromStatus(response.status())});
  }
  if (head_.status >= 300) return OnErrorStatus();
  if (!streams_ && id_) OnText(body_);
  if (answered_ || !id_) return End();
  if (streams_ && Resume()) return;
  Unanswered(absl::StrCat("the server's response (HTTP ", head_.status, ") has no answer in it"));
}

void HttpExchange::OnText(std::string_view text) {
  absl::StatusOr<std::vector<McpMessage>> messages = ParseMcpMessages(text);
  if (!messages.ok()) {
    return Unanswered(absl::StrCat("the server sent a broken message: ",
                                   absl::string_view(messages.status().message())));
  }
  for (McpMessage& message : *messages) OnMessage(std::move(message));
}

void HttpExchange::OnMessage(McpMessage message) {
  if (answered_) return;
  if (auto* response = std::get_if<McpResponse>(&message)) {
    // Here are answers to this request alone; an error without an id is one of it.
    if (!id_ || response->id.value_or(*id_) != *id_) return;
    response->id = id_;
    answered_ = true;
    timer_ = loop_.After(kAfterAnswer, [this] { End(); });
  }
  if (const auto call = events_.on_message) call(std::move(message));
}

// The body may be an answer all the same: a JSON-RPC error.
void HttpExchange::OnErrorStatus() {
  if (resuming_) {
    return Fail(
        {.error = {.message = absl::StrCat("the server's stream broke off, and going on was "
                                           "refused (HTTP ",
                                           head_.status, ")"),
                   .may_retry = true}});
  }
  // Many servers say "bad request" for "not found" here. Either way it was not carried out.
  const bool session_lost = in_session_ && (head_.status == 404 || head_.status == 400);
  const bool busy = head_.status == 429 || head_.status == 503;
  absl::StatusOr<std::vector<McpMessage>> messages = ParseMcpMessages(body_);
  if (messages.ok() && !session_lost && !busy) {
    for (McpMessage& message : *messages) OnMessage(std::move(message));
    if (answered_) return End();
  }
  head_.body = std::move(body_);
  ToolError error = ErrorFromResponse(head_);
  if (head_.status == 401 || head_.status == 403) {
    absl::StrAppend(&error.message, " (the server wants other credentials: see \"headers\")");
  }
  if (session_lost) absl::StrAppend(&error.message, " (the server may have forgotten the session)");
  Fail({.error = std::move(error), .http_status = head_.status, .session_lost = session_lost});
}

bool HttpExchange::Resume() {
  if (!resumable_ || parser_.last_event_id().empty() || ++resumed_ > kMaxResumes) return false;
  const milliseconds pause = std::min(parser_.retry().value_or(kResumePause), kMaxResumePause);
  resuming_ = true;
  timer_ = loop_.After(pause, [this] {
    HttpRequest request;
    request.headers = headers_;
    request.headers.emplace_back("Accept", "text/event-stream");
    request.headers.emplace_back("Last-Event-ID", parser_.last_event_id());
    parser_.Reconnect();
    Start(std::move(request));
  });
  return true;
}

void HttpExchange::Unanswered(std::string why) {
  if (!answered_) Fail({.error = {.message = std::move(why)}});
}

void HttpExchange::Fail(McpFailure failure) {
  const auto keep = shared_from_this();
  answered_ = true;
  if (const auto call = events_.on_failure) call(std::move(failure));
  End();
}

void HttpExchange::End() {
  const auto keep = shared_from_this();
  call_.reset();
  timer_.End();
  if (const auto call = std::exchange(events_, {}).on_end) call();
}

}  // namespace heddle
