// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/mcp/server_connection.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/tools/mcp/http_transport.h"
#include "runtime/tools/mcp/stdio_transport.h"

namespace heddle {
namespace {

constexpr int kMaxRestarts = 1;

}  // namespace

std::string McpServerConnection::Named(std::string_view text) const {
  return absl::StrCat("MCP server \"", options_.name,
                      "\": ", absl::string_view(text.data(), text.size()));
}

void McpServerConnection::Get(Ready ready) {
  if (!refused_.ok()) return ready(refused_);
  if (connection_ && !handshake_) return ready(connection_);
  waiting_.push_back(std::move(ready));
  if (!handshake_) Start(/*probe=*/true);
}

void McpServerConnection::Renew(const std::shared_ptr<McpConnection>& old) {
  if (old == connection_ && !handshake_) connection_ = nullptr;
}

absl::StatusOr<std::shared_ptr<McpTransport>> McpServerConnection::MakeTransport(
    McpTransport::Events events) {
  if (options_.command.empty()) {
    return std::make_shared<HttpTransport>(loop_, client_, options_.url, options_.headers,
                                           std::move(events));
  }
  return StdioTransport::Start(loop_, options_.command, options_.environment, std::move(events));
}

void McpServerConnection::Start(bool probe) {
  auto connection = std::make_shared<McpConnection>();
  const auto weak = weak_from_this();
  auto transport = MakeTransport(
      connection->TransportEvents([weak, raw = connection.get()](const std::string& why) {
        if (const auto self = weak.lock()) self->OnClosed(raw, why);
      }));
  if (!transport.ok()) {
    return Answer(
        absl::Status(transport.status().code(), Named(std::string(transport.status().message()))));
  }
  connection->Attach(*std::move(transport));
  connection_ = std::move(connection);
  start_timer_ = loop_.After(options_.start_timeout, [this] {
    OnShakenHands(absl::DeadlineExceededError(
        absl::StrCat("no answer ", options_.start_timeout.count(), " ms after it was started")));
  });
  handshake_ = std::make_unique<McpHandshake>(
      loop_, connection_, options_.probe_timeout, probe,
      [this](absl::Status status) { OnShakenHands(std::move(status)); });
}

void McpServerConnection::OnShakenHands(absl::Status status) {
  const auto keep = shared_from_this();
  start_timer_.End();
  // An early server may take an unknown question so badly that it ends. It gets another chance.
  const bool again =
      absl::IsUnavailable(status) && handshake_->probing() && !options_.command.empty();
  handshake_.reset();
  const std::shared_ptr<McpConnection> connection = connection_;
  if (status.ok()) return Answer(connection);
  connection_ = nullptr;
  if (again) return Start(/*probe=*/false);
  status = absl::Status(status.code(), Named(std::string(status.message())));
  if (ends_ > 0) refused_ = status;
  Answer(std::move(status));
}

void McpServerConnection::OnClosed(const McpConnection* connection, const std::string& why) {
  if (connection != connection_.get() || handshake_) return;
  connection_ = nullptr;
  if (++ends_ <= kMaxRestarts) return;
  refused_ =
      absl::UnavailableError(Named(absl::StrCat("it ended twice and is not started again: ", why)));
}

void McpServerConnection::Answer(absl::StatusOr<std::shared_ptr<McpConnection>> connection) {
  const auto keep = shared_from_this();
  for (const Ready& ready : std::exchange(waiting_, {})) ready(connection);
}

void McpServerConnection::Close(std::function<void()> done) {
  start_timer_.End();
  handshake_.reset();
  if (refused_.ok()) refused_ = absl::CancelledError(Named("it was stopped"));
  closing_ = std::exchange(connection_, nullptr);
  Answer(refused_);
  if (!closing_) return done();
  closing_->Close(std::move(done));
}

}  // namespace heddle
