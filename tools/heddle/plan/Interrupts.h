// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ctrl-C and termination as events of the loop. The first one is for the run to end what is in
// flight; a second one ends the process.

#ifndef HEDDLE_TOOLS_HEDDLE_PLAN_INTERRUPTS_H
#define HEDDLE_TOOLS_HEDDLE_PLAN_INTERRUPTS_H

#include "runtime/tools/event_loop.h"

namespace heddle::cli {

/// Exit code of a run that Ctrl-C ended, as shells have it.
inline constexpr int exitInterrupted = 130;

class Interrupts {
public:
  Interrupts(EventLoop &loop, std::function<void()> interrupted);
  ~Interrupts();
  bool happened() const { return seen; }

private:
  void read();

  std::function<void()> interrupted;
  int descriptor = -1;
  bool seen = false;
  EventLoop::Watch watch;
};

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_PLAN_INTERRUPTS_H
