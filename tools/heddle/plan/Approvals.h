// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Questions to the person at the terminal, one at a time, while everything else goes on.

#ifndef HEDDLE_TOOLS_HEDDLE_PLAN_APPROVALS_H
#define HEDDLE_TOOLS_HEDDLE_PLAN_APPROVALS_H

#include "runtime/tools/event_loop.h"

#include <deque>
#include <functional>
#include <optional>
#include <string>

namespace heddle::cli {

class Approvals {
public:
  /// `print` shows a line; `typedLine` is told of each that the person typed, which the terminal
  /// has shown. What is asked is read from the terminal itself, as standard input may be the plan.
  Approvals(EventLoop &loop, std::function<void(const std::string &)> print,
            std::function<void()> typedLine);
  ~Approvals();

  void ask(std::string question, std::function<void(bool)> answer);

private:
  struct Question {
    std::string text;
    std::function<void(bool)> answer;
  };

  void askNext();
  void readAnswer();

  EventLoop &loop;
  std::function<void(const std::string &)> print;
  std::function<void()> typedLine;
  int terminal = -1;
  std::deque<Question> questions; // the first one is on the terminal
  std::string typed;
  std::optional<EventLoop::Watch> watch;
};

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_PLAN_APPROVALS_H
