// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/mcp/connection.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/tools/mcp/client_info.h"
#include "runtime/tools/mcp/header_parameters.h"

namespace heddle {
namespace {

// Answers to what a server asks are not kept for one that does not read them.
constexpr size_t kMaxBacklog = size_t{1} << 20;

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

McpFailure LostConnection(const std::string& why) {
  return {.error = {.message = why, .may_retry = true}};
}

}  // namespace

McpConnection::~McpConnection() {
  if (transport_) transport_->Detach();
}

McpTransport::Events McpConnection::TransportEvents(
    std::function<void(const std::string&)> on_closed) {
  const auto weak = weak_from_this();
  return {.on_message =
              [weak](McpMessage message) {
                if (const auto self = weak.lock()) self->OnMessage(std::move(message));
              },
          .on_failure =
              [weak](int64_t id, McpFailure failure) {
                if (const auto self = weak.lock()) self->Finish(id, std::move(failure));
              },
          .on_closed =
              [weak, on_closed = std::move(on_closed)](const std::string& why) {
                if (const auto self = weak.lock()) self->OnClosed(why);
                on_closed(why);
              }};
}

void McpConnection::SetRevision(McpRevision revision) {
  revision_ = std::move(revision);
  if (transport_) transport_->SetVersion(revision_.version);
}

McpConnection::RequestId McpConnection::Request(McpRequestSpec spec, Done done) {
  if (closed_) {
    done(LostConnection(*closed_));
    return 0;
  }
  const RequestId id = next_id_++;
  Json meta = Json::object();
  if (spec.on_progress) meta["progressToken"] = id;
  if (!spec.traceparent.empty()) {
    meta["traceparent"] = spec.traceparent;
    spec.headers.emplace_back("traceparent", spec.traceparent);
  }
  if (revision_.stateless) {
    AddClientInfo(revision_.version, meta);
    spec.headers.emplace_back("Mcp-Method", spec.method);
    if (!spec.name.empty()) spec.headers.emplace_back("Mcp-Name", McpHeaderValue(spec.name));
  }
  if (!meta.empty()) spec.params["_meta"] = std::move(meta);
  pending_[id] = {std::move(done), std::move(spec.on_progress)};
  transport_->Send({.id = id,
                    .text = McpRequestText(id, spec.method, std::move(spec.params)),
                    .headers = std::move(spec.headers)});
  return id;
}

void McpConnection::Notify(const std::string& method, Json params) {
  if (!closed_) transport_->Send({.text = McpNotificationText(method, std::move(params))});
}

void McpConnection::Cancel(RequestId id, const std::string& reason) {
  if (!pending_.contains(id)) return;
  if (!revision_.stateless || !transport_->drop_cancels()) {
    Notify("notifications/cancelled", {{"requestId", id}, {"reason", reason}});
  }
  Forget(id);
}

void McpConnection::Forget(RequestId id) {
  // What it holds is destroyed last: it may hold the connection.
  const auto forgotten = pending_.extract(id);
  if (!forgotten.empty() && transport_) transport_->Drop(id);
}

void McpConnection::Close(std::function<void()> done) {
  OnClosed("the connection was closed");
  if (transport_) return transport_->Close(std::move(done));
  done();
}

void McpConnection::OnMessage(McpMessage message) {
  std::visit(Overloaded{[&](McpResponse& response) {
                          // One that nobody waits for, or waits for any more, is no news.
                          if (!response.id) return;
                          std::visit(
                              [&](auto& outcome) { Finish(*response.id, std::move(outcome)); },
                              response.outcome);
                        },
                        [&](McpRequest& request) { OnServerRequest(request); },
                        [&](McpNotification& notification) { OnNotification(notification); }},
             message);
}

// Others, such as log messages, say nothing about a call.
void McpConnection::OnNotification(const McpNotification& notification) {
  if (notification.method != "notifications/progress") return;
  const Json& token = McpMember(notification.params, "progressToken");
  const Json& progress = McpMember(notification.params, "progress");
  const Json& total = McpMember(notification.params, "total");
  if (!token.is_number_integer() || !progress.is_number()) return;
  const auto it = pending_.find(token.get<int64_t>());
  if (it == pending_.end()) return;
  double done = progress.get<double>();
  if (total.is_number() && total.get<double>() > 0) done /= total.get<double>();
  // Taken by value: the call may end inside.
  if (const auto call = it->second.on_progress) call(done, McpText(notification.params, "message"));
}

void McpConnection::OnServerRequest(const McpRequest& request) {
  // A stateless server may ask nothing, and gets no answer.
  if (revision_.stateless || closed_ || transport_->backlog() > kMaxBacklog) return;
  std::string text;
  if (request.method == "ping") {
    text = McpResultText(request.id, Json::object());
  } else {
    text = McpErrorText(request.id, kMcpMethodNotFound,
                        absl::StrCat("this client does not offer ", request.method));
  }
  transport_->Send({.text = std::move(text)});
}

void McpConnection::OnClosed(const std::string& why) {
  if (closed_) return;
  closed_ = why;
  while (!pending_.empty()) Finish(pending_.begin()->first, LostConnection(why));
}

void McpConnection::Finish(RequestId id, McpAnswer answer) {
  const auto finished = pending_.extract(id);
  if (!finished.empty()) finished.mapped().done(std::move(answer));
}

}  // namespace heddle
