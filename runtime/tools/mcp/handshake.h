// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds out which revision a server speaks, and greets it.
//
// It is asked server/discover first, which only stateless servers know. One that answers is
// stateless; one that answers with an error of the stateless revision is too, and is told no more.
// Everything else, whatever the error, is a server that wants a handshake. One that keeps silent is
// greeted with the handshake after a while: an answer to that then counts, and if it is an error,
// one to the first question still does.
//
// Thread-safety: on the loop's thread; destroying a handshake ends it without a callback.

#ifndef HEDDLE_RUNTIME_TOOLS_MCP_HANDSHAKE_H_
#define HEDDLE_RUNTIME_TOOLS_MCP_HANDSHAKE_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "runtime/tools/event_loop.h"
#include "runtime/tools/mcp/connection.h"

namespace heddle {

class McpHandshake {
 public:
  // The connection's revision is set when `done` gets Ok. `silence`: how long the first question
  // may stay unanswered. `probe`: false greets at once.
  McpHandshake(EventLoop& loop, std::shared_ptr<McpConnection> connection,
               std::chrono::milliseconds silence, bool probe,
               std::function<void(absl::Status)> done);
  ~McpHandshake();

  // The server has answered nothing yet: where it ended, the unknown question may be why.
  bool probing() const { return discover_ != 0 && initialize_ == 0; }

 private:
  void OnDiscovered(McpAnswer answer);
  void Choose(const Json& versions);
  void Initialize();
  void OnInitialized(McpAnswer answer);
  void Finish(absl::Status status);

  EventLoop& loop_;
  const std::shared_ptr<McpConnection> connection_;
  std::function<void(absl::Status)> done_;
  McpConnection::RequestId discover_ = 0, initialize_ = 0;
  bool stateless_ = false;  // it said so after it was greeted
  EventLoop::Timer silence_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_MCP_HANDSHAKE_H_
