// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/planner/chat_client.h"

#include <stdlib.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "runtime/planner/reply_reader.h"
#include "runtime/support/text.h"
#include "runtime/tools/retry_after.h"

namespace heddle {
namespace {

using std::chrono::milliseconds;

constexpr size_t kMaxErrorBytes = 64 << 10;
constexpr milliseconds kAfterReply{50};

Json ToJson(const ChatMessage& message) {
  Json json = {{"role", message.role}, {"content", message.content}};
  if (!message.tool_call_id.empty()) json["tool_call_id"] = message.tool_call_id;
  for (const ChatToolCall& call : message.tool_calls) {
    json["tool_calls"].push_back(
        {{"id", call.id},
         {"type", "function"},
         {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
  }
  return json;
}

std::string CompletionsUrl(const std::string& url) {
  constexpr absl::string_view kPath = "/chat/completions";
  const size_t end = std::min(url.find('?'), url.size());
  absl::string_view path = absl::string_view(url).substr(0, end);
  while (absl::EndsWith(path, "/")) path.remove_suffix(1);
  return absl::StrCat(path, absl::EndsWith(path, kPath) ? "" : kPath, url.substr(end));
}

std::string ErrorText(const HttpResponse& head, const std::string& body) {
  const absl::StatusOr<Json> json = ParseJson(body, {.max_bytes = kMaxErrorBytes});
  std::string text = json.ok() ? ErrorTextOf(*json) : "";
  // A page for people says nothing here.
  const absl::string_view bare = absl::StripAsciiWhitespace(body);
  if (text.empty() && !absl::StartsWith(bare, "<")) text = std::string(bare.substr(0, 300));
  return absl::StrCat(
      "HTTP ", head.status, text.empty() ? "" : ": ", text,
      head.status >= 300 && head.status < 400 ? " (redirects are not followed)" : "");
}

bool MayPass(int status) { return status == 408 || status == 429 || status >= 500; }

}  // namespace

absl::StatusOr<std::unique_ptr<ChatClient>> ChatClient::Create(EventLoop& loop, HttpClient& http,
                                                               ChatOptions options) {
  if (options.url.empty()) return absl::InvalidArgumentError("the language model's URL is missing");
  if (options.model.empty())
    return absl::InvalidArgumentError("the language model's name is missing");
  std::string key;
  if (!options.key_env.empty()) {
    const char* value = getenv(options.key_env.c_str());
    if (value) key = std::string(absl::StripAsciiWhitespace(value));
    if (key.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("the environment variable ", options.key_env,
                                                     ", which should hold the key, is not set"));
    }
  }
  options.url = CompletionsUrl(options.url);
  return std::unique_ptr<ChatClient>(
      new ChatClient(loop, http, std::move(options), std::move(key)));
}

HttpRequest ChatClient::MakeRequest(const ChatRequest& request) const {
  Json body = {{"model", options_.model}, {"messages", Json::array()}};
  for (const ChatMessage& message : request.messages) body["messages"].push_back(ToJson(message));
  if (streams_) body["stream"] = true;
  if (streams_ && asks_usage_) body["stream_options"] = {{"include_usage", true}};
  if (formats_ && request.response_format) body["response_format"] = *request.response_format;
  if (request.tools) body["tools"] = *request.tools;
  if (!request.tool_choice.empty()) body["tool_choice"] = request.tool_choice;
  HttpRequest http;
  http.method = "POST";
  http.url = options_.url;
  http.headers = {
      {"Content-Type", "application/json"},
      {"Accept", streams_ ? "text/event-stream, application/json" : "application/json"}};
  if (!key_.empty()) http.headers.emplace_back("Authorization", absl::StrCat("Bearer ", key_));
  http.body = ToText(body);
  http.max_response_bytes = 5 * options_.max_reply_bytes;
  http.repeatable = true;  // it costs tokens, but changes nothing
  return http;
}

bool ChatClient::Downgrade(const std::string& error, const ChatRequest& request) {
  auto refuses = [&](const char* word) { return absl::StrContains(error, word); };
  if (formats_ && request.response_format &&
      (refuses("response_format") || refuses("json_schema"))) {
    formats_ = false;
  } else if (streams_ && asks_usage_ && (refuses("stream_options") || refuses("include_usage"))) {
    asks_usage_ = false;
  } else if (streams_ && refuses("stream")) {
    streams_ = false;
  } else {
    return false;
  }
  return true;
}

// Servers like to say which key was wrong.
std::string ChatClient::WithoutKey(std::string text) const {
  return key_.empty() ? text : absl::StrReplaceAll(text, {{key_, "(the key)"}});
}

class ChatClient::Call : public ChatCall {
 public:
  Call(ChatClient& client, ChatRequest request, ChatEvents events, Done done)
      : client_(client),
        request_(std::move(request)),
        events_(std::move(events)),
        done_(std::move(done)) {}

  // All callbacks come through the HTTP call and the timers, which end with this object.
  void Try() {
    head_ = {};
    error_body_.clear();
    reader_ = std::make_shared<ReplyReader>(events_, client_.options_.max_reply_bytes);
    HttpRequest http = client_.MakeRequest(request_);
    http.on_head = [this](const HttpResponse& head) {
      head_ = head;
      reader_->Begin(!absl::StartsWithIgnoreCase(std::string(head.Header("Content-Type")),
                                                 "application/json"));
      AwaitBytes();
    };
    http.on_body = [this](std::string_view bytes) { OnBody(bytes); };
    call_ = client_.http_.Start(std::move(http), [this](absl::StatusOr<HttpResponse> response) {
      OnEnd(response.ok() ? absl::OkStatus() : response.status());
    });
    AwaitBytes();
  }

 private:
  void AwaitBytes() {
    silence_ = client_.loop_.After(client_.options_.silence, [this] {
      OnEnd(absl::UnavailableError(
          absl::StrCat("it said nothing for ", client_.options_.silence.count(), " ms")));
    });
  }

  void OnBody(std::string_view bytes) {
    AwaitBytes();
    if (head_.status >= 300) {
      error_body_ += bytes.substr(0, kMaxErrorBytes - std::min(error_body_.size(), kMaxErrorBytes));
      return;
    }
    // The reader's callbacks may end this call.
    const std::shared_ptr<ReplyReader> reader = reader_;
    const std::weak_ptr<int> alive = alive_;
    absl::Status status = reader->Feed(bytes);
    if (alive.expired()) return;
    if (!status.ok()) return OnEnd(std::move(status));
    // The connection serves again if the response ends too, which a server may forget.
    if (reader->is_done()) silence_ = client_.loop_.After(kAfterReply, [this] { OnEnd({}); });
  }

  // Of the response: what the reader says where the transfer went well.
  void OnEnd(absl::Status transfer) {
    call_.reset();
    silence_.End();
    if (!transfer.ok()) return Failed(transfer, MayRepeat(transfer), std::nullopt);
    if (head_.status >= 300) {
      const std::string error = ErrorText(head_, error_body_);
      const bool refused =
          head_.status == 400 || head_.status == 404 || head_.status == 422 || head_.status == 501;
      if (refused && client_.Downgrade(error_body_, request_)) return Try();
      return Failed(absl::UnavailableError(error), MayPass(head_.status), RetryAfter(head_));
    }
    const std::shared_ptr<ReplyReader> reader = reader_;
    const std::weak_ptr<int> alive = alive_;
    absl::StatusOr<ChatReply> reply = reader->End();
    if (alive.expired()) return;
    if (!reply.ok()) return Failed(reply.status(), MayRepeat(reply.status()), std::nullopt);
    Finish(std::move(reply));
  }

  static bool MayRepeat(const absl::Status& status) { return absl::IsUnavailable(status); }

  void Failed(const absl::Status& status, bool may_repeat, std::optional<milliseconds> asked) {
    const ChatOptions& options = client_.options_;
    const std::string text = client_.WithoutKey(std::string(status.message()));
    if (may_repeat && !reader_->has_begun() && retries_ < options.max_retries &&
        asked.value_or(milliseconds(0)) <= options.max_pause) {
      const double jitter = std::uniform_real_distribution<>(0.5, 1)(client_.random_);
      const double wait =
          double(options.backoff.count()) * double(1 << std::min(retries_, 20)) * jitter;
      const milliseconds pause =
          asked.value_or(std::min(milliseconds(int64_t(wait)), options.max_pause));
      ++retries_;
      pause_ = client_.loop_.After(pause, [this] { Try(); });
      const auto on_retry = events_.on_retry;
      if (on_retry) on_retry(text, pause);
      return;
    }
    std::string message = absl::StrCat("the language model at ", options.url, ": ", text);
    if (retries_ > 0) absl::StrAppend(&message, " (tried ", retries_ + 1, " times)");
    if (may_repeat && asked.value_or(milliseconds(0)) > options.max_pause) {
      absl::StrAppend(&message, " (it asks to wait for ", asked->count() / 1000, " s)");
    }
    if (head_.status == 401 || head_.status == 403) {
      absl::StrAppend(&message, options.key_env.empty()
                                    ? std::string(" (no key was sent: see --llm-key-env)")
                                    : absl::StrCat(" (the key is that of ", options.key_env, ")"));
    }
    Finish(absl::Status(status.code(), message));
  }

  void Finish(absl::StatusOr<ChatReply> reply) {
    if (const Done done = std::exchange(done_, nullptr)) done(std::move(reply));
  }

  ChatClient& client_;
  const ChatRequest request_;
  const ChatEvents events_;
  Done done_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>();
  std::shared_ptr<ReplyReader> reader_;
  HttpResponse head_;
  std::string error_body_;
  int retries_ = 0;
  EventLoop::Timer silence_, pause_;
  std::unique_ptr<HttpCall> call_;
};

std::unique_ptr<ChatCall> ChatClient::Start(ChatRequest request, ChatEvents events, Done done) {
  auto call = std::make_unique<Call>(*this, std::move(request), std::move(events), std::move(done));
  call->Try();
  return call;
}

}  // namespace heddle
