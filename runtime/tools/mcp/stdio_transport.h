// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An MCP server as a child process: messages are lines on its standard streams. What it writes to
// standard error is kept for the message in which its end is reported.
//
// Thread-safety: on the loop's thread. Releasing the transport closes the server's input; where
// that does not end it, SIGTERM and then SIGKILL go to its process group.

#ifndef HEDDLE_RUNTIME_TOOLS_MCP_STDIO_TRANSPORT_H_
#define HEDDLE_RUNTIME_TOOLS_MCP_STDIO_TRANSPORT_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/tools/event_loop.h"
#include "runtime/tools/mcp/transport.h"
#include "runtime/tools/process.h"

namespace heddle {

// Lines out of bytes, in whatever parts they come.
class LineSplitter {
 public:
  explicit LineSplitter(size_t max_bytes) : max_bytes_(max_bytes) {}
  // The next complete line, without its end; takes it and what is before it off `bytes`. Where
  // there is none, keeps what is left of `bytes`.
  bool Next(std::string_view& bytes, std::string& line);
  bool too_long() const { return partial_.size() > max_bytes_; }

 private:
  const size_t max_bytes_;
  std::string partial_;
};

class StdioTransport : public McpTransport, public std::enable_shared_from_this<StdioTransport> {
 public:
  static absl::StatusOr<std::shared_ptr<McpTransport>> Start(
      EventLoop& loop, std::vector<std::string> command,
      std::vector<std::pair<std::string, std::string>> environment, Events events);

  StdioTransport(EventLoop& loop, Events events)
      : McpTransport(std::move(events)), loop_(loop), lines_(kMaxMcpMessageBytes) {}

  void Send(McpOutgoing message) override;
  void Drop(int64_t) override {}
  bool drop_cancels() const override { return false; }
  size_t backlog() const override { return process_ ? process_->unwritten_bytes() : 0; }
  void Close(std::function<void()> done) override;

 private:
  void OnOutput(std::string_view bytes);
  void OnLine(const std::string& line);
  void OnErrorOutput(std::string_view bytes);
  void End(std::string why);

  EventLoop& loop_;
  LineSplitter lines_;
  EventLoop::Timer output_ended_;
  std::string last_words_;  // the end of its standard error
  std::unique_ptr<Process> process_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_MCP_STDIO_TRANSPORT_H_
