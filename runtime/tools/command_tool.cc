// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/command_tool.h"

#include "absl/strings/str_cat.h"
#include "runtime/tools/process.h"
#include "runtime/tools/tool_result.h"

namespace heddle {
namespace {

constexpr size_t kMaxOutputBytes = size_t{64} << 20;
constexpr size_t kKeptErrorBytes = size_t{64} << 10;  // of standard error, its end

class CommandCall : public ToolCall {
 public:
  CommandCall(const CommandRun& run, ToolHost& host, Json arguments, Tool::Done done)
      : run_(run),
        host_(host),
        batch_calls_(BatchCalls(arguments)),
        input_(absl::StrCat(ToText(arguments), "\n")),
        done_(std::move(done)) {
    place_ = host.processes.Acquire([this] { Start(); });
  }

 private:
  void Start() {
    Process::Events events;
    events.on_output = [this](std::string_view bytes) { TakeOutput(bytes); };
    events.on_error_output = [this](std::string_view bytes) { TakeErrorOutput(bytes); };
    events.on_end = [this](const ProcessEnd& end) { End(end); };
    auto process = Process::Start(host_.loop, {.command = run_.command}, std::move(events));
    if (!process.ok()) {
      ToolError error = ErrorFromStatus(process.status());
      error.may_retry = absl::IsResourceExhausted(process.status());
      return Finish(std::move(error));
    }
    process_ = *std::move(process);
    process_->Write(std::move(input_));
    process_->CloseInput();
  }

  void TakeOutput(std::string_view bytes) {
    output_.append(bytes);
    if (output_.size() <= kMaxOutputBytes) return;
    Finish(ToolError{.message = absl::StrCat("'", run_.command[0], "' wrote more than ",
                                             kMaxOutputBytes >> 20, " MB"),
                     .may_retry = false,
                     .retry_after = std::nullopt});
  }

  void TakeErrorOutput(std::string_view bytes) {
    error_output_.append(bytes);
    if (error_output_.size() > 2 * kKeptErrorBytes) {
      error_output_.erase(0, error_output_.size() - kKeptErrorBytes);
    }
  }

  void End(const ProcessEnd& end) {
    if (end.ok()) return Finish(CheckBatch(batch_calls_, ResultFromText(std::move(output_))));
    std::string message = ShortMessage(error_output_);
    if (message.empty()) message = absl::StrCat("'", run_.command[0], "': ", end.Text());
    // Nobody knows why a program failed; who declares retries for it expects them.
    Finish(
        ToolError{.message = std::move(message), .may_retry = true, .retry_after = std::nullopt});
  }

  // The last thing that a call does: whoever is told may destroy it.
  void Finish(ToolOutcome outcome) {
    process_.reset();
    place_.reset();
    const Tool::Done done = std::move(done_);
    done(std::move(outcome));
  }

  const CommandRun& run_;
  ToolHost& host_;
  const size_t batch_calls_;
  std::string input_, output_, error_output_;
  Tool::Done done_;
  std::unique_ptr<Slots::Ticket> place_;
  std::unique_ptr<Process> process_;
};

class CommandTool : public Tool {
 public:
  CommandTool(ToolDescription description, CommandRun run, ToolHost& host)
      : Tool(std::move(description)), run_(std::move(run)), host_(host) {}

  std::unique_ptr<ToolCall> StartCall(Json arguments, const ToolCallOptions&, Done done) override {
    return std::make_unique<CommandCall>(run_, host_, std::move(arguments), std::move(done));
  }

 private:
  const CommandRun run_;
  ToolHost& host_;
};

}  // namespace

std::unique_ptr<Tool> MakeCommandTool(ToolDescription description, CommandRun run, ToolHost& host) {
  return std::make_unique<CommandTool>(std::move(description), std::move(run), host);
}

}  // namespace heddle
