// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/Console.h"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace heddle::cli {

ExitCode exitCodeOf(const absl::Status &status) {
  switch (status.code()) {
  case absl::StatusCode::kOk:
    return exitDone;
  case absl::StatusCode::kInvalidArgument:
  case absl::StatusCode::kNotFound:
  case absl::StatusCode::kAlreadyExists:
  case absl::StatusCode::kPermissionDenied:
  case absl::StatusCode::kFailedPrecondition:
  case absl::StatusCode::kUnimplemented:
  case absl::StatusCode::kDataLoss:
    return exitBadRequest;
  default:
    return exitWrong;
  }
}

std::string oneLine(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
    text.remove_suffix(1);
  std::string line;
  for (char c : text)
    line += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return line;
}

std::string messageOf(const absl::Status &status) {
  std::string message(status.message());
  return message.empty() ? absl::StatusCodeToString(status.code()) : oneLine(message);
}

int fail(const absl::Status &status) {
  // A defect of Heddle is to be told from a fault of the input.
  const char *kind = absl::IsInternal(status) ? "internal error: " : "";
  std::fprintf(stderr, "heddle: %s%s\n", kind, messageOf(status).c_str());
  return exitCodeOf(status);
}

int failLineByLine(const absl::Status &status) {
  std::string_view rest(status.message().data(), status.message().size());
  for (size_t end = rest.find('\n'); end != rest.npos; end = rest.find('\n')) {
    fail(absl::Status(status.code(), std::string(rest.substr(0, end))));
    rest.remove_prefix(end + 1);
  }
  return fail(absl::Status(status.code(), std::string(rest)));
}

int badRequest(const std::string &message) { return fail(absl::InvalidArgumentError(message)); }

void note(const std::string &message) {
  std::fprintf(stderr, "heddle: note: %s\n", oneLine(message).c_str());
}

bool colours() {
  static const bool wanted = [] {
    const char *no = std::getenv("NO_COLOR");
    const char *terminal = std::getenv("TERM");
    return isatty(STDOUT_FILENO) && !(no && *no) &&
           !(terminal && std::string_view(terminal) == "dumb");
  }();
  return wanted;
}

static std::string coloured(const char *code, const std::string &text) {
  return colours() ? std::string("\033[") + code + "m" + text + "\033[0m" : text;
}

std::string red(const std::string &text) { return coloured("31", text); }
std::string green(const std::string &text) { return coloured("32", text); }
std::string yellow(const std::string &text) { return coloured("33", text); }

Progress::Progress()
    : start(std::chrono::steady_clock::now()), onTerminal(isatty(STDERR_FILENO) != 0) {}

void Progress::show(const std::string &text) {
  auto elapsed = std::chrono::steady_clock::now() - start;
  if (!onTerminal || elapsed < std::chrono::seconds(1))
    return;
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(elapsed).count();
  std::fprintf(stderr, "\r\033[K%.100s ... %d s", oneLine(text).c_str(), static_cast<int>(seconds));
  std::fflush(stderr);
  shown = true;
}

void Progress::clear() {
  if (shown)
    std::fprintf(stderr, "\r\033[K");
  shown = false;
}

} // namespace heddle::cli
