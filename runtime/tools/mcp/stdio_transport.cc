// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/mcp/stdio_transport.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "runtime/support/status_macros.h"

namespace heddle {
namespace {

constexpr size_t kMaxLastWords = 2048;
constexpr std::chrono::milliseconds kGrace{2000}, kAfterOutput{300};

}  // namespace

bool LineSplitter::Next(std::string_view& bytes, std::string& line) {
  const size_t end = bytes.find('\n');
  partial_ += bytes.substr(0, end);
  if (end == std::string_view::npos) {
    bytes = {};
    return false;
  }
  bytes.remove_prefix(end + 1);
  line = std::exchange(partial_, {});
  return true;
}

absl::StatusOr<std::shared_ptr<McpTransport>> StdioTransport::Start(
    EventLoop& loop, std::vector<std::string> command,
    std::vector<std::pair<std::string, std::string>> environment, Events events) {
  auto transport = std::make_shared<StdioTransport>(loop, std::move(events));
  const ProcessOptions options = {.command = std::move(command),
                                  .environment = std::move(environment),
                                  .input_grace = kGrace,
                                  .grace = kGrace};
  // The process is the transport's: it calls back only while the transport is there, which then
  // stays until the callback has ended.
  StdioTransport* const self = transport.get();
  Process::Events process_events = {
      .on_output = [self](std::string_view bytes) { self->OnOutput(bytes); },
      .on_error_output = [self](std::string_view bytes) { self->OnErrorOutput(bytes); },
      // Its exit code says more, and mostly follows at once.
      .on_output_end =
          [self] {
            self->output_ended_ =
                self->loop_.After(kAfterOutput, [self] { self->End("it closed its output"); });
          },
      .on_end = [self](const ProcessEnd& end) { self->End(end.Text()); }};
  HEDDLE_ASSIGN_OR_RETURN(transport->process_,
                          Process::Start(loop, options, std::move(process_events)));
  return transport;
}

void StdioTransport::Send(McpOutgoing message) {
  if (!process_) return;
  message.text.push_back('\n');
  process_->Write(std::move(message.text));
}

// Nothing is kept for this client but the process itself.
void StdioTransport::Close(std::function<void()> done) {
  Detach();
  process_.reset();
  done();
}

void StdioTransport::OnOutput(std::string_view bytes) {
  const std::shared_ptr<StdioTransport> keep = shared_from_this();
  for (std::string line; process_ && lines_.Next(bytes, line);) OnLine(line);
  if (lines_.too_long()) End("it wrote a line that is too long for a message");
}

void StdioTransport::OnLine(const std::string& line) {
  if (absl::StripAsciiWhitespace(line).empty()) return;
  absl::StatusOr<std::vector<McpMessage>> messages = ParseMcpMessages(line);
  if (messages.ok()) {
    for (McpMessage& message : *messages) Deliver(std::move(message));
    return;
  }
  // A greeting or a log line does no harm. A broken message does: whose answer it was cannot be
  // told.
  if (line.find("\"jsonrpc\"") == std::string::npos) return;
  End(absl::StrCat("it wrote a broken message: ", absl::string_view(messages.status().message())));
}

void StdioTransport::OnErrorOutput(std::string_view bytes) {
  last_words_ += bytes;
  if (last_words_.size() <= kMaxLastWords) return;
  last_words_.erase(0, last_words_.size() - kMaxLastWords);
  // From the beginning of a line, where there is one.
  if (const size_t end = last_words_.find('\n'); end + 1 < last_words_.size()) {
    last_words_.erase(0, end + 1);
  }
}

void StdioTransport::End(std::string why) {
  const std::shared_ptr<StdioTransport> keep = shared_from_this();
  process_.reset();
  output_ended_.End();
  const absl::string_view words = absl::StripAsciiWhitespace(last_words_);
  if (!words.empty()) absl::StrAppend(&why, "; its last words: ", words);
  Closed(std::move(why));
}

}  // namespace heddle
