// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A conversation with an MCP server: many requests at once over one transport, each answered once.
// Progress goes to the request it belongs to; what the server asks of the client is refused, as
// nothing is offered, except a ping.
//
//   auto connection = std::make_shared<McpConnection>(...);
//   connection->Open(std::move(transport), [&](absl::Status status) { ... });  // handshake.cc
//   McpRequestId id = connection->Request({.method = "tools/list"}, [&](McpAnswer answer) { ... });
//
// Thread-safety: on the loop's thread. Callbacks may release the connection.

#ifndef HEDDLE_RUNTIME_TOOLS_MCP_CONNECTION_H_
#define HEDDLE_RUNTIME_TOOLS_MCP_CONNECTION_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "runtime/tools/mcp/transport.h"
#include "runtime/tools/tool.h"

namespace heddle {

// How both sides speak. Stateless (2026-07-28): each request says all there is to know. Otherwise
// they have shaken hands once.
struct McpRevision {
  std::string version;
  bool stateless = false;
};

struct McpRequestSpec {
  std::string method;
  Json params = Json::object();
  std::string name = {};         // of the tool, for a header
  HttpHeaders headers = {};      // further ones
  std::string traceparent = {};  // W3C; empty without a trace
  std::function<void(double progress, const std::string& message)> on_progress = {};
};

using McpAnswer = std::variant<Json, McpError, McpFailure>;

class McpConnection : public std::enable_shared_from_this<McpConnection> {
 public:
  using RequestId = int64_t;
  using Done = std::function<void(McpAnswer)>;

  McpConnection() = default;
  ~McpConnection();

  // What a transport of this connection reports to. `on_closed` is called once, when nothing works
  // any more and every request has failed.
  McpTransport::Events TransportEvents(std::function<void(const std::string& why)> on_closed);
  void Attach(std::shared_ptr<McpTransport> transport) { transport_ = std::move(transport); }

  const McpRevision& revision() const { return revision_; }
  void SetRevision(McpRevision revision);

  // `done` is called once, where the connection is closed before this returns; the id is then 0.
  RequestId Request(McpRequestSpec spec, Done done);
  void Notify(const std::string& method, Json params);
  // `done` is not called any more, and the server is told where it may be.
  void Cancel(RequestId id, const std::string& reason);
  // As Cancel, for the request that may not be cancelled: the first of a handshake.
  void Forget(RequestId id);
  void Close(std::function<void()> done);

 private:
  struct Pending {
    Done done;
    std::function<void(double, const std::string&)> on_progress;
  };

  void OnMessage(McpMessage message);
  void OnNotification(const McpNotification& notification);
  void OnServerRequest(const McpRequest& request);
  void OnClosed(const std::string& why);
  void Finish(RequestId id, McpAnswer answer);

  std::shared_ptr<McpTransport> transport_;
  McpRevision revision_;
  std::map<RequestId, Pending> pending_;
  RequestId next_id_ = 1;
  std::optional<std::string> closed_;  // why
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_MCP_CONNECTION_H_
