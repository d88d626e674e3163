// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The way to an MCP server: messages there, messages back, in any order.
//
// Thread-safety: on the loop's thread. A transport may be released inside its own callbacks; after
// Detach none comes.

#ifndef HEDDLE_RUNTIME_TOOLS_MCP_TRANSPORT_H_
#define HEDDLE_RUNTIME_TOOLS_MCP_TRANSPORT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "runtime/tools/http_client.h"
#include "runtime/tools/mcp/message.h"
#include "runtime/tools/tool.h"

namespace heddle {

struct McpOutgoing {
  std::optional<int64_t> id = {};  // of a request
  std::string text = {};
  HttpHeaders headers = {};  // of this message, where there are headers
};

// Why no answer to a request will come.
struct McpFailure {
  ToolError error;
  int http_status = 0;        // of a response that was no answer
  bool session_lost = false;  // the request was not carried out; a new session can
};

class McpTransport {
 public:
  struct Events {
    std::function<void(McpMessage)> on_message;
    std::function<void(int64_t id, McpFailure)> on_failure;
    std::function<void(std::string why)> on_closed;  // nothing works any more
  };

  explicit McpTransport(Events events) : events_(std::move(events)) {}
  virtual ~McpTransport() = default;

  virtual void Send(McpOutgoing message) = 0;
  // The answer to this request is not wanted any more.
  virtual void Drop(int64_t id) = 0;
  // The protocol version of all that is sent from now on.
  virtual void SetVersion(const std::string& /*version*/) {}
  // Whether Drop tells a stateless server that the request is cancelled.
  virtual bool drop_cancels() const = 0;
  // Messages that the server has been slow to take, in bytes.
  virtual size_t backlog() const = 0;
  // Ends what the server keeps for this client; `done` is called whether that works or not.
  virtual void Close(std::function<void()> done) = 0;
  void Detach() { events_ = {}; }

 protected:
  void Deliver(McpMessage message) {
    if (const auto call = events_.on_message) call(std::move(message));
  }
  void Fail(int64_t id, McpFailure failure) {
    if (const auto call = events_.on_failure) call(id, std::move(failure));
  }
  void Closed(std::string why) {
    if (const auto call = std::exchange(events_, {}).on_closed) call(std::move(why));
  }

 private:
  Events events_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_MCP_TRANSPORT_H_
