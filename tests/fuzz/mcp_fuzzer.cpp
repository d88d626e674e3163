// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The input is what an MCP server writes, from the handshake on: a list of tools is asked for, one is
// called, one is cancelled. The first byte says over which framing. Every question must be answered
// at most once, and all of them by the time the connection is closed.

#include <cstdlib>

#include "runtime/tools/mcp/call_result.h"
#include "runtime/tools/mcp/handshake.h"
#include "runtime/tools/mcp/stdio_transport.h"
#include "runtime/tools/mcp/tool_list.h"
#include "runtime/tools/sse_parser.h"

using namespace heddle;

namespace {

// Takes messages and forgets them; the input delivers what comes back.
class Sink : public McpTransport {
 public:
  using McpTransport::McpTransport;
  void Send(McpOutgoing message) override {
    if (!ParseJson(message.text, {}).ok() || message.text.find('\n') != std::string::npos)
      std::abort();
  }
  void Drop(int64_t) override {}
  bool drop_cancels() const override { return false; }
  size_t backlog() const override { return 0; }
  void Close(std::function<void()> done) override { done(); }

  void receive(std::string_view text) {
    absl::StatusOr<std::vector<McpMessage>> messages = ParseMcpMessages(text);
    if (!messages.ok()) return;
    for (McpMessage& message : *messages) Deliver(std::move(message));
  }
};

struct Once {
  int count = 0;
  void operator()() {
    if (++count > 1) std::abort();
  }
};

void converse(std::string_view input, bool events) {
  static EventLoop* loop = EventLoop::Create().value().release();
  Once greeted, listed, called, closed;
  bool ready = false;
  auto connection = std::make_shared<McpConnection>();
  auto sink = std::make_shared<Sink>(connection->TransportEvents([&](const std::string&) {}));
  connection->Attach(sink);
  std::unique_ptr<McpHandshake> handshake;
  const auto use = [&] {
    ListMcpTools(connection, true, [&](absl::StatusOr<McpToolList> list) {
      listed();
      for (const McpToolInfo& tool : list.ok() ? list->tools : std::vector<McpToolInfo>())
        (void)McpHeadersOf(tool.header_parameters, tool.description.input_schema);
    });
    McpRequestSpec call;
    call.method = "tools/call";
    call.on_progress = [](double, const std::string&) {};
    auto cancelled = connection->Request(call, [](McpAnswer) { std::abort(); });
    connection->Request(call, [&](McpAnswer answer) {
      called();
      if (auto* result = std::get_if<Json>(&answer)) {
        (void)McpCallOutcome(*result, false);
        (void)McpCallOutcome(*result, true);
      }
    });
    connection->Cancel(cancelled, "not wanted");
  };
  handshake = std::make_unique<McpHandshake>(*loop, connection, std::chrono::hours(1), true,
                                             [&](absl::Status status) {
                                               greeted();
                                               ready = status.ok();
                                               if (ready) use();
                                             });
  if (events) {
    SseParser parser(size_t{1} << 16);
    parser.Feed(input, [&](SseEvent event) { sink->receive(event.data); });
  } else {
    LineSplitter lines(size_t{1} << 16);
    for (std::string line; lines.Next(input, line);) sink->receive(line);
  }
  connection->Close([&] { closed(); });
  if (!greeted.count || closed.count != 1 || (ready && (!called.count || !listed.count)))
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  converse(input, data[0] & 1);
  return 0;
}
