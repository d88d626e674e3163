// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a graph of calls costs at best: when each call can start with no limit on what runs at once,
// how urgent it is (the longest way from its start to the end of the plan), the longest way of all, and how
// many calls run at once then.
//
// Thread-safety: pure functions, except ToolCosts, which has none.

#ifndef HEDDLE_RUNTIME_PLAN_CRITICAL_PATH_H_
#define HEDDLE_RUNTIME_PLAN_CRITICAL_PATH_H_

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/tools/tool.h"

namespace heddle {

struct TimedCall {
  double cost_ms = 0;
  std::vector<uint32_t> waits_for;
};

// Calls stand after those they wait for.
std::vector<double> Urgencies(const std::vector<TimedCall>& calls);

struct IdealSchedule {
  std::vector<double> start_ms;
  double makespan_ms = 0;
  std::vector<uint32_t> critical_path;  // from its first call to its last
  uint32_t peak_concurrency = 0;
};
IdealSchedule ScheduleIdeally(const std::vector<TimedCall>& calls);

// What a call of a tool is expected to take: as measured here, else as declared, else 100 ms: the
// order of a network request, which is what a tool that says nothing most likely is.
class ToolCosts {
 public:
  double CostOf(const ToolDescription& tool) const;
  void Measured(const std::string& tool, double ms);

 private:
  std::unordered_map<std::string, double> measured_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLAN_CRITICAL_PATH_H_
