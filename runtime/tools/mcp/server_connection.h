// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The connection to an MCP server that its tools share: made when it is first needed, made again
// within limits when it is lost.
//
// Thread-safety: on the loop's thread; held by whoever may still call the server.

#ifndef HEDDLE_RUNTIME_TOOLS_MCP_SERVER_CONNECTION_H_
#define HEDDLE_RUNTIME_TOOLS_MCP_SERVER_CONNECTION_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/tools/event_loop.h"
#include "runtime/tools/mcp/connection.h"
#include "runtime/tools/mcp/handshake.h"
#include "runtime/tools/mcp/mcp_server.h"

namespace heddle {

class McpServerConnection : public std::enable_shared_from_this<McpServerConnection> {
 public:
  using Ready = std::function<void(absl::StatusOr<std::shared_ptr<McpConnection>>)>;

  McpServerConnection(EventLoop& loop, HttpClient& client, McpServerOptions options)
      : loop_(loop), client_(client), options_(std::move(options)) {}

  const McpServerOptions& options() const { return options_; }
  EventLoop& loop() const { return loop_; }

  // `ready` is called once, possibly before this returns, unless this is released before.
  void Get(Ready ready);
  // The next Get makes a new connection; requests of the old one go on.
  void Renew(const std::shared_ptr<McpConnection>& old);
  void Close(std::function<void()> done);

 private:
  void Start(bool probe);
  absl::StatusOr<std::shared_ptr<McpTransport>> MakeTransport(McpTransport::Events events);
  void OnShakenHands(absl::Status status);
  void OnClosed(const McpConnection* connection, const std::string& why);
  void Answer(absl::StatusOr<std::shared_ptr<McpConnection>> connection);
  std::string Named(std::string_view text) const;

  EventLoop& loop_;
  HttpClient& client_;
  const McpServerOptions options_;
  std::shared_ptr<McpConnection> connection_;  // the newest
  std::unique_ptr<McpHandshake> handshake_;    // while it is being made
  EventLoop::Timer start_timer_;
  std::shared_ptr<McpConnection> closing_;
  std::vector<Ready> waiting_;
  int ends_ = 0;          // of a server that had been ready
  absl::Status refused_;  // where no more connections are made
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_MCP_SERVER_CONNECTION_H_
