// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a person sees while a plan runs: a line per call with its state, time and a short result. On
// a terminal the lines of running calls stay at the bottom and change in place; in a pipe a line is
// appended when a call ends.

#ifndef HEDDLE_TOOLS_HEDDLE_PLAN_LIVEVIEW_H
#define HEDDLE_TOOLS_HEDDLE_PLAN_LIVEVIEW_H

#include "runtime/planner/planner.h"
#include "tools/heddle/plan/Approvals.h"
#include "tools/heddle/plan/RunFlags.h"

#include <map>

namespace heddle::cli {

class LiveView : public PlannerObserver {
public:
  /// Ticks on the loop once a second while calls run, on a terminal only. With --json nothing is
  /// shown but questions.
  LiveView(EventLoop &loop, const RunFlags &flags);
  ~LiveView() override { close(); }

  void OnStart(CallId id, const std::string &tool, const Json &arguments, int attempt) override;
  void OnProgress(CallId id, double progress, const std::string &message) override;
  void OnRetry(CallId id, const ToolError &error, std::chrono::milliseconds pause) override;
  void OnEnd(const CallReport &report) override;
  /// As --approve says; asks on the terminal one call at a time, while the running ones go on.
  void OnApproval(CallId id, const std::string &tool, const Json &arguments,
                  std::function<void(bool)> answer) override;

  // What a language model is doing, on lines between.
  void OnRound(int round, const std::string &why) override;
  void OnCorrection(const std::string &errors) override;
  void OnChatRetry(const std::string &why, std::chrono::milliseconds pause) override;

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

  /// Prints a line unless nothing is to be shown.
  void say(const std::string &line);

  EventLoop &loop;
  const bool onTerminal, quiet;
  const ApprovalPolicy policy;
  bool toldOfDenial = false;
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
