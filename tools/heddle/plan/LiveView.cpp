// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/plan/LiveView.h"

#include "tools/heddle/Console.h"

#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

namespace heddle::cli {

static size_t terminalColumns() {
  winsize size = {};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

static size_t terminalRows() {
  winsize size = {};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 4 ? size.ws_row : 24;
}

std::string shortText(const std::string &text, size_t width) {
  std::string line = oneLine(std::string_view(text).substr(0, width * 4));
  if (line.size() <= width && text.size() <= width * 4)
    return line;
  size_t cut = width > 3 ? width - 3 : 0;
  while (cut > 0 && (static_cast<unsigned char>(line[cut]) & 0xc0) == 0x80)
    --cut;
  return line.substr(0, cut) + "...";
}

std::string callText(const std::string &tool, const Json &arguments, size_t width) {
  if (arguments.is_null()) // they were never known
    return shortText(tool + "(...)", width);
  std::string text = tool + "(";
  const char *separator = "";
  if (arguments.is_object())
    for (const auto &[name, value] : arguments.items()) {
      text += separator + name + "=" + ToText(value);
      separator = ", ";
      if (text.size() > width)
        break;
    }
  return shortText(text + ")", width);
}

static std::string secondsText(double ms) {
  char text[32];
  std::snprintf(text, sizeof text, ms < 1000 ? "%.0f ms" : "%.2f s", ms < 1000 ? ms : ms / 1000);
  return text;
}

LiveView::LiveView(EventLoop &loop, const RunFlags &flags)
    : loop(loop), onTerminal(isatty(STDERR_FILENO) != 0), quiet(flags.json),
      policy(flags.approvalPolicy()),
      approvals(
          loop, [this](const std::string &line) { print(line); }, [this] { drawn += onTerminal; }) {
}

void LiveView::erase() {
  for (; drawn > 0; --drawn)
    std::fprintf(stderr, "\033[A\033[2K");
}

void LiveView::draw() {
  if (!onTerminal)
    return;
  erase();
  size_t columns = terminalColumns(), room = terminalRows() - 2;
  auto now = EventLoop::Clock::now();
  for (const auto &[id, call] : running) {
    if (static_cast<size_t>(drawn) == room) {
      std::fprintf(stderr, "... and %zu more\n", running.size() - room);
      ++drawn;
      break;
    }
    double ms = std::chrono::duration<double, std::milli>(now - call.since).count();
    std::string line = std::to_string(id) + ". " + call.what + " " + secondsText(ms) +
                       (call.note.empty() ? "" : " " + call.note);
    std::fprintf(stderr, "%s\n", shortText(line, columns - 1).c_str());
    ++drawn;
  }
  std::fflush(stderr);
}

void LiveView::tick() {
  if (running.empty())
    return;
  draw();
  timer = loop.After(std::chrono::seconds(1), [this] { tick(); });
}

void LiveView::print(const std::string &line) {
  if (onTerminal)
    erase();
  std::fprintf(stderr, "%s\n", line.c_str());
  draw();
}

void LiveView::close() {
  if (onTerminal)
    erase();
  running.clear();
}

void LiveView::OnStart(CallId id, const std::string &tool, const Json &arguments, int) {
  if (quiet)
    return;
  bool first = running.empty();
  running[id] = {callText(tool, arguments, 60), "", EventLoop::Clock::now()};
  if (!onTerminal)
    return;
  draw();
  if (first)
    timer = loop.After(std::chrono::seconds(1), [this] { tick(); });
}

void LiveView::OnProgress(CallId id, double progress, const std::string &message) {
  if (quiet)
    return;
  char amount[32];
  std::snprintf(amount, sizeof amount, progress <= 1 ? "%.0f %%" : "%.0f",
                progress <= 1 ? progress * 100 : progress);
  running[id].note = std::string(amount) + (message.empty() ? "" : " " + message);
  draw();
}

void LiveView::OnRetry(CallId id, const ToolError &error, std::chrono::milliseconds pause) {
  if (quiet)
    return;
  running[id].note =
      "again in " + secondsText(double(pause.count())) + ": " + shortText(error.message, 60);
  draw();
}

void LiveView::OnEnd(const CallReport &report) {
  if (quiet)
    return;
  std::string what = callText(report.tool, report.arguments, 60);
  running.erase(report.id);
  bool good = report.error.empty();
  std::string state(ToText(report.status));
  if (onTerminal)
    state = good ? green(state) : red(state);
  std::string text = good ? ToPlainText(report.result) : report.error;
  print(std::to_string(report.id) + ". " + what + " " + state + " " +
        secondsText(report.end_ms - report.start_ms) + " " + shortText(text, 100));
}

void LiveView::OnApproval(CallId id, const std::string &tool, const Json &arguments,
                          std::function<void(bool)> answer) {
  if (policy == ApprovalPolicy::None && !std::exchange(toldOfDenial, true))
    say("calls that need approval are denied, as nobody is asked; see --approve");
  if (policy != ApprovalPolicy::Ask)
    return answer(policy == ApprovalPolicy::All);
  approvals.ask(std::to_string(id) + ". " + callText(tool, arguments, 400), std::move(answer));
}

void LiveView::say(const std::string &line) {
  if (!quiet)
    print(line);
}

void LiveView::OnRound(int round, const std::string &why) {
  if (round > 1)
    say("planning again: " + shortText(why, 200));
}

void LiveView::OnCorrection(const std::string &errors) {
  say("sent back to the model: " + shortText(errors, 200));
}

void LiveView::OnChatRetry(const std::string &why, std::chrono::milliseconds pause) {
  say("asking the model again in " + secondsText(double(pause.count())) + ": " +
      shortText(why, 200));
}

} // namespace heddle::cli
