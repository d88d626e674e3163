// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/mcp/handshake.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/tools/mcp/client_info.h"

namespace heddle {
namespace {

bool Names(const Json& versions, std::string_view version) {
  return std::any_of(versions.begin(), versions.end(), [&](const Json& each) {
    return each.is_string() && each.get_ref<const std::string&>() == version;
  });
}

bool NamesHandshake(const Json& versions) {
  return std::any_of(std::begin(kMcpHandshakeVersions), std::end(kMcpHandshakeVersions),
                     [&](const char* version) { return Names(versions, version); });
}

absl::Status ToStatus(const McpAnswer& answer) {
  if (const auto* error = std::get_if<McpError>(&answer)) {
    return absl::FailedPreconditionError(
        absl::StrCat(error->message, " (MCP error ", error->code, ")"));
  }
  return absl::UnavailableError(std::get<McpFailure>(answer).error.message);
}

// Nothing came back over the way there: another question will fare no better.
bool IsUnreachable(const McpAnswer& answer) {
  const auto* failure = std::get_if<McpFailure>(&answer);
  return failure && failure->http_status == 0;
}

}  // namespace

McpHandshake::McpHandshake(EventLoop& loop, std::shared_ptr<McpConnection> connection,
                           std::chrono::milliseconds silence, bool probe,
                           std::function<void(absl::Status)> done)
    : loop_(loop), connection_(std::move(connection)), done_(std::move(done)) {
  if (!probe) {
    Initialize();
    return;
  }
  silence_ = loop_.After(silence, [this] { Initialize(); });
  connection_->SetRevision({kMcpStatelessVersion, true});
  discover_ = connection_->Request({.method = "server/discover"},
                                   [this](McpAnswer answer) { OnDiscovered(std::move(answer)); });
}

McpHandshake::~McpHandshake() {
  connection_->Forget(discover_);
  connection_->Forget(initialize_);
}

void McpHandshake::OnDiscovered(McpAnswer answer) {
  const auto* error = std::get_if<McpError>(&answer);
  const auto* result = std::get_if<Json>(&answer);
  const Json* versions = nullptr;
  if (result) versions = &McpMember(*result, "supportedVersions");
  if (error && error->code == kMcpUnsupportedVersion)
    versions = &McpMember(error->data, "supported");
  const bool knows = versions && versions->is_array();
  // Where it was greeted meanwhile, that answer counts.
  if (initialize_) {
    stateless_ = knows && Names(*versions, kMcpStatelessVersion);
    return;
  }
  silence_.End();
  if (knows) return Choose(*versions);
  const bool refuses =
      error && (error->code == kMcpHeaderMismatch || error->code == kMcpMissingClientCapability ||
                error->code == kMcpUnsupportedVersion);
  if (refuses || IsUnreachable(answer)) return Finish(ToStatus(answer));
  Initialize();
}

void McpHandshake::Choose(const Json& versions) {
  if (Names(versions, kMcpStatelessVersion)) return Finish(absl::OkStatus());
  if (NamesHandshake(versions)) return Initialize();
  Finish(absl::FailedPreconditionError(absl::StrCat(
      "the server speaks MCP of the versions ", ToText(versions), " only; supported are ",
      kMcpStatelessVersion, " and ", kMcpHandshakeVersions[0], " and before")));
}

void McpHandshake::Initialize() {
  // Its version is agreed on by the answer.
  connection_->SetRevision({"", false});
  McpRequestSpec spec = {.method = "initialize", .params = McpInitializeParams()};
  initialize_ = connection_->Request(
      std::move(spec), [this](McpAnswer answer) { OnInitialized(std::move(answer)); });
}

void McpHandshake::OnInitialized(McpAnswer answer) {
  const auto* result = std::get_if<Json>(&answer);
  if (!result && stateless_) {
    connection_->SetRevision({kMcpStatelessVersion, true});
    return Finish(absl::OkStatus());
  }
  if (!result) return Finish(ToStatus(answer));
  const std::string version = McpText(*result, "protocolVersion");
  if (!NamesHandshake(Json::array({version}))) {
    return Finish(absl::FailedPreconditionError(
        absl::StrCat("the server speaks MCP of the version \"", version, "\" only; supported are ",
                     kMcpStatelessVersion, " and ", kMcpHandshakeVersions[0], " and before")));
  }
  connection_->SetRevision({version, false});
  connection_->Notify("notifications/initialized", nullptr);
  Finish(absl::OkStatus());
}

void McpHandshake::Finish(absl::Status status) {
  silence_.End();
  // The callback may destroy the handshake.
  if (const auto done = std::exchange(done_, nullptr)) done(std::move(status));
}

}  // namespace heddle
