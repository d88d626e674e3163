// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One run as a command sees it: what a person is shown meanwhile, Ctrl-C, approval, and at the end
// the result, the trace and the exit code.

#ifndef HEDDLE_TOOLS_HEDDLE_PLAN_PLANEXECUTION_H
#define HEDDLE_TOOLS_HEDDLE_PLAN_PLANEXECUTION_H

#include "tools/heddle/plan/Interrupts.h"
#include "tools/heddle/plan/LiveView.h"
#include "tools/heddle/plan/PlanSession.h"
#include "tools/heddle/plan/RunFlags.h"

namespace heddle {
class Journal;
}

namespace heddle::cli {

class PlanExecution {
public:
  PlanExecution(PlanSession &session, const RunFlags &flags);

  /// For a PlanRun, which view() observes.
  RunOptions options(Journal *journal) const;
  /// Ctrl-C calls this from now on.
  void onInterrupt(std::function<void()> cancel) { cancelRun = std::move(cancel); }
  bool interrupted() const { return interrupts.happened(); }

  /// Writes the trace, and sends it where OTEL_EXPORTER_OTLP_ENDPOINT says.
  void writeTraces(const RunReport &report);
  /// Prints the result: `extra` goes into the JSON object. Returns the exit code.
  int finish(const RunReport &report, const Json &extra = Json::object());

  LiveView &view() { return live; }

private:
  PlanSession &session;
  const RunFlags &flags;
  LiveView live;
  std::function<void()> cancelRun;
  Interrupts interrupts;
  std::string parent, traceparent; // of the trace, where one is wanted
  std::chrono::system_clock::time_point began = std::chrono::system_clock::now();
};

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_PLAN_PLANEXECUTION_H
