// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What would happen to a plan, without running it: the graph of its calls, every rewrite with its
// reason, and the schedule that declared costs promise. The same rules decide here, in a run and in
// the passes on the `heddle` dialect; this puts them together for `heddle plan explain`.
//
// Thread-safety: pure functions.

#ifndef HEDDLE_RUNTIME_PLAN_EXPLAIN_H_
#define HEDDLE_RUNTIME_PLAN_EXPLAIN_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/plan/critical_path.h"
#include "runtime/plan/folding.h"
#include "runtime/plan/plan.h"

namespace heddle {

struct Explanation {
  enum class Kind { kOrdered, kMerged, kDropped, kFolded, kBatched };
  Kind kind;
  CallId call;
  std::optional<CallId> other;  // what it waits for, is merged into, or goes with
  std::string reason;
};
std::string_view ToText(Explanation::Kind kind);

struct ExplainedCall {
  CallId id = 0;
  bool runs = true;              // not merged, dropped or folded
  std::vector<uint32_t> uses;    // by index; through merged calls to the one that runs
  std::vector<uint32_t> orders;  // that `after` and effects add
  std::optional<Json> folded;
};

struct PlanExplanation {
  std::vector<ExplainedCall> calls;       // as in the plan
  std::vector<Explanation> explanations;  // by call
  IdealSchedule schedule;                 // of all calls; those that do not run take no time
};

using ToolOf = std::function<const ToolDescription*(const std::string& name)>;

// The plan was checked: tools exist and references point backwards.
PlanExplanation Explain(const Plan& plan, const ToolOf& tool_of, const Evaluate& evaluate,
                        const ToolCosts& costs);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLAN_EXPLAIN_H_
