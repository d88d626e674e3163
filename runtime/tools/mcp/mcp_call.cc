// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/mcp/mcp_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/tools/mcp/call_result.h"

namespace heddle {
namespace {

// How often a server may ask for another round, or lose its session, before that is its failure.
constexpr int kMaxRounds = 8;
constexpr int kMaxNewSessions = 1;

// Held by its handle alone, so that nothing is asked for a call that nobody waits for.
class Call : public std::enable_shared_from_this<Call> {
 public:
  Call(std::shared_ptr<McpServerConnection> server, McpCallSpec spec, Tool::Done done)
      : server_(std::move(server)), spec_(std::move(spec)), done_(std::move(done)) {}

  bool finished() const { return !done_; }

  void Start() {
    server_->Get([weak = weak_from_this()](auto connection) {
      const std::shared_ptr<Call> self = weak.lock();
      if (!self || self->finished()) return;
      if (connection.ok()) return self->Ask(*std::move(connection));
      self->Finish(ToolError{.message = std::string(connection.status().message()),
                             .may_retry = absl::IsUnavailable(connection.status())});
    });
  }

  void Cancel() {
    done_ = nullptr;
    // Tells the server last, as that may release what this holds.
    const std::shared_ptr<McpConnection> connection = std::move(connection_);
    if (connection) connection->Cancel(request_, "the call was cancelled");
  }

 private:
  void Ask(const std::shared_ptr<McpConnection> connection) {
    connection_ = connection;
    McpRequestSpec request = {.method = "tools/call",
                              .name = spec_.tool,
                              .headers = spec_.headers,
                              .traceparent = spec_.options.traceparent,
                              .on_progress = spec_.options.on_progress};
    request.params = {{"name", spec_.tool}, {"arguments", spec_.arguments}};
    if (!state_.is_null()) request.params["requestState"] = state_;
    const McpConnection::RequestId id =
        connection->Request(std::move(request), [weak = weak_from_this()](McpAnswer answer) {
          if (const std::shared_ptr<Call> self = weak.lock()) self->OnAnswer(std::move(answer));
        });
    if (id != 0) request_ = id;
  }

  void OnAnswer(McpAnswer answer) {
    const std::shared_ptr<McpConnection> connection = std::move(connection_);
    if (auto* failure = std::get_if<McpFailure>(&answer)) return OnFailure(connection, *failure);
    if (const auto* error = std::get_if<McpError>(&answer)) {
      return Finish(
          ToolError{.message = absl::StrCat(error->message, " (MCP error ", error->code, ")")});
    }
    const Json& result = std::get<Json>(answer);
    const std::string type = McpText(result, "resultType");
    if (type == "input_required") return OnInputRequired(connection, result);
    if (!type.empty() && type != "complete") {
      return Finish(ToolError{
          .message = absl::StrCat("the tool's result has the unknown type \"", type, "\"")});
    }
    Finish(McpCallOutcome(result, spec_.has_output_schema));
  }

  // The server did not carry the call out: it knows no such session.
  void OnFailure(const std::shared_ptr<McpConnection>& connection, McpFailure& failure) {
    if (failure.session_lost && new_sessions_ < kMaxNewSessions) {
      ++new_sessions_;
      server_->Renew(connection);
      return Start();
    }
    failure.error.message =
        absl::StrCat("MCP server \"", server_->options().name, "\": ", failure.error.message);
    Finish(std::move(failure.error));
  }

  // Without a question, the server wants the same request again, with what it gave along.
  void OnInputRequired(const std::shared_ptr<McpConnection>& connection, const Json& result) {
    std::string wanted;
    for (const Json& request : McpMember(result, "inputRequests")) {
      absl::StrAppend(&wanted, wanted.empty() ? "" : ", ", McpText(request, "method"));
    }
    if (!wanted.empty()) {
      return Finish(ToolError{.message = absl::StrCat("the tool asks for what this client does not "
                                                      "offer: ",
                                                      wanted)});
    }
    const Json& state = McpMember(result, "requestState");
    if (++rounds_ > kMaxRounds || !state.is_string()) {
      return Finish(ToolError{.message = "the tool asks for another round, again and again"});
    }
    state_ = state;
    Ask(connection);
  }

  void Finish(ToolOutcome outcome) {
    if (const auto done = std::exchange(done_, nullptr)) done(std::move(outcome));
  }

  const std::shared_ptr<McpServerConnection> server_;
  const McpCallSpec spec_;
  Tool::Done done_;
  std::shared_ptr<McpConnection> connection_;  // while it is asked
  McpConnection::RequestId request_ = 0;
  Json state_;
  int rounds_ = 0, new_sessions_ = 0;
};

class Handle : public ToolCall {
 public:
  explicit Handle(std::shared_ptr<Call> call) : call_(std::move(call)) {}
  ~Handle() override { call_->Cancel(); }

 private:
  const std::shared_ptr<Call> call_;
};

}  // namespace

std::unique_ptr<ToolCall> StartMcpCall(std::shared_ptr<McpServerConnection> server,
                                       McpCallSpec spec, Tool::Done done) {
  auto call = std::make_shared<Call>(std::move(server), std::move(spec), std::move(done));
  call->Start();
  if (call->finished()) return nullptr;
  return std::make_unique<Handle>(std::move(call));
}

}  // namespace heddle
