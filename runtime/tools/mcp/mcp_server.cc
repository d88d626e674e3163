// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/mcp/mcp_server.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/tools/mcp/mcp_call.h"
#include "runtime/tools/mcp/server_connection.h"
#include "runtime/tools/mcp/tool_list.h"

namespace heddle {
namespace {

class McpTool : public Tool {
 public:
  McpTool(std::shared_ptr<McpServerConnection> server, McpToolInfo info)
      : Tool(std::move(info.description)),
        server_(std::move(server)),
        header_parameters_(std::move(info.header_parameters)),
        // Its own name at the server, whatever it is called here.
        name_(description_.name) {}

  std::unique_ptr<ToolCall> StartCall(Json arguments, const ToolCallOptions& options,
                                      Done done) override {
    McpCallSpec spec = {.tool = name_,
                        .headers = McpHeadersOf(header_parameters_, arguments),
                        .arguments = std::move(arguments),
                        .has_output_schema = description_.output_schema.has_value(),
                        .options = options};
    return StartMcpCall(server_, std::move(spec), std::move(done));
  }

 private:
  const std::shared_ptr<McpServerConnection> server_;
  const std::vector<McpHeaderParameter> header_parameters_;
  const std::string name_;
};

class McpServer : public ToolSource {
 public:
  McpServer(EventLoop& loop, HttpClient& client, McpServerOptions options)
      : server_(std::make_shared<McpServerConnection>(loop, client, std::move(options))) {}

  const std::string& name() const override { return server_->options().name; }

  void Load(Loaded done) override {
    loaded_ = std::move(done);
    timer_ = server_->loop().After(server_->options().start_timeout, [this] {
      Finish(absl::DeadlineExceededError(absl::StrCat(
          "it did not list its tools in ", server_->options().start_timeout.count(), " ms")));
    });
    // The source owns what calls it back, through the connection.
    server_->Get([this, alive = std::weak_ptr(alive_)](auto connection) {
      if (alive.expired()) return;
      if (!connection.ok()) return Deliver(connection.status(), {});
      ListMcpTools(*connection, server_->options().trusted, [this, alive](auto list) {
        if (!alive.expired()) Finish(std::move(list));
      });
    });
  }

  void Close(std::function<void()> done) override { server_->Close(std::move(done)); }

 private:
  void Finish(absl::StatusOr<McpToolList> list) {
    const McpServerOptions& options = server_->options();
    const std::string prefix = absl::StrCat("MCP server \"", options.name, "\": ");
    if (!list.ok()) {
      return Deliver(
          absl::Status(list.status().code(), absl::StrCat(prefix, list.status().message())), {});
    }
    for (const std::string& why : list->left_out) {
      if (options.warn) options.warn(absl::StrCat(prefix, why));
    }
    std::vector<std::unique_ptr<Tool>> tools;
    for (McpToolInfo& info : list->tools) {
      info.description.timeout = options.call_timeout;
      tools.push_back(std::make_unique<McpTool>(server_, std::move(info)));
    }
    Deliver(absl::OkStatus(), std::move(tools));
  }

  void Deliver(absl::Status status, std::vector<std::unique_ptr<Tool>> tools) {
    timer_.End();
    if (const auto loaded = std::exchange(loaded_, nullptr))
      loaded(std::move(status), std::move(tools));
  }

  const std::shared_ptr<McpServerConnection> server_;
  Loaded loaded_;
  EventLoop::Timer timer_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace

McpServerOptions McpOptionsOf(const McpServerSpec& server) {
  McpServerOptions options;
  options.name = server.name;
  options.trusted = server.trusted;
  options.call_timeout = server.call_timeout;
  if (const auto* stdio = std::get_if<McpServerSpec::Stdio>(&server.transport)) {
    options.command = stdio->command;
    options.environment = stdio->environment;
  } else {
    const auto& http = std::get<McpServerSpec::Http>(server.transport);
    options.url = http.url;
    options.headers = http.headers;
  }
  return options;
}

std::unique_ptr<ToolSource> MakeMcpServer(EventLoop& loop, HttpClient& client,
                                          McpServerOptions options) {
  return std::make_unique<McpServer>(loop, client, std::move(options));
}

}  // namespace heddle
