// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a person sees while a plan runs: a line per call with its state, time and a short result. On
// a terminal the lines of running calls stay at the bottom and change in place; in a pipe a line is
// appended when a call ends.

#ifndef HEDDLE_TOOLS_HEDDLE_PLAN_LIVEVIEW_H
#define HEDDLE_TOOLS_HEDDLE_PLAN_LIVEVIEW_H

#include "runtime/plan/plan_run.h"
#include "tools/heddle/plan/Approvals.h"

#include <map>

namespace heddle::cli {

class LiveView : public RunObserver {
public:
  /// Ticks on the loop once a second while calls run, on a terminal only.
  explicit LiveView(EventLoop &loop);
  ~LiveView() override { close(); }

  void OnStart(CallId id, const std::string &tool, const Json &arguments, int attempt) override;
  void OnProgress(CallId id, double progress, const std::string &message) override;
  void OnRetry(CallId id, const ToolError &error, std::chrono::milliseconds pause) override;
  void OnEnd(const CallReport &report) override;
  /// Asks on the terminal, one call at a time; the running calls go on.
  void OnApproval(CallId id, const std::string &tool, const Json &arguments,
                  std::function<void(bool)> answer) override;

  /// Prints a line above those of the running calls.
  void print(const std::string &line);
  /// Takes the lines of running calls away for good.
  void close();

private:
  struct Running {
    std::string what; // "search(query="Lyon")"
    std::string note; // progress or why it is repeated
    EventLoop::Clock::time_point since;
  };

  void draw();
  void erase();
  void tick();

  EventLoop &loop;
  const bool onTerminal;
  std::map<CallId, Running> running;
  int drawn = 0; // lines on the terminal
  EventLoop::Timer timer;
  Approvals approvals;
};

/// "tool(name=value, ...)", cut to `width` columns.
std::string callText(const std::string &tool, const Json &arguments, size_t width);
/// The text on one line, cut at a character's border with "..." to `width` bytes.
std::string shortText(const std::string &text, size_t width);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_PLAN_LIVEVIEW_H
