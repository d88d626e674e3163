// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/plan/critical_path.h"

#include <algorithm>
#include <utility>

namespace heddle {

std::vector<double> Urgencies(const std::vector<TimedCall>& calls) {
  std::vector<double> after(calls.size(), 0);  // the longest way that follows a call
  for (size_t call = calls.size(); call-- > 0;) {
    after[call] += calls[call].cost_ms;
    for (uint32_t earlier : calls[call].waits_for) {
      after[earlier] = std::max(after[earlier], after[call]);
    }
  }
  return after;
}

IdealSchedule ScheduleIdeally(const std::vector<TimedCall>& calls) {
  constexpr uint32_t kNone = UINT32_MAX;
  IdealSchedule schedule;
  schedule.start_ms.resize(calls.size(), 0);
  std::vector<uint32_t> held_up_by(calls.size(), kNone);
  std::vector<std::pair<double, int>> changes;  // of how many run; ends sort before starts
  uint32_t last = kNone;
  for (uint32_t call = 0; call < calls.size(); ++call) {
    double& start = schedule.start_ms[call];
    for (uint32_t earlier : calls[call].waits_for) {
      double end = schedule.start_ms[earlier] + calls[earlier].cost_ms;
      if (held_up_by[call] == kNone || end > start) held_up_by[call] = earlier;
      start = std::max(start, end);
    }
    double end = start + calls[call].cost_ms;
    if (last == kNone || end > schedule.makespan_ms) last = call;
    schedule.makespan_ms = std::max(schedule.makespan_ms, end);
    changes.push_back({start, +1});
    changes.push_back({end, -1});
  }
  for (; last != kNone; last = held_up_by[last]) schedule.critical_path.push_back(last);
  std::reverse(schedule.critical_path.begin(), schedule.critical_path.end());

  std::sort(changes.begin(), changes.end());
  int running = 0;
  for (const auto& [when, change] : changes) {
    running += change;
    schedule.peak_concurrency =
        std::max(schedule.peak_concurrency, static_cast<uint32_t>(std::max(running, 0)));
  }
  return schedule;
}

double ToolCosts::CostOf(const ToolDescription& tool) const {
  if (auto found = measured_.find(tool.name); found != measured_.end()) return found->second;
  return tool.cost_ms.value_or(100);
}

void ToolCosts::Measured(const std::string& tool, double ms) {
  auto [place, is_new] = measured_.emplace(tool, ms);
  // Follows a tool whose speed changes within a few calls, and forgives an outlier.
  if (!is_new) place->second += 0.25 * (ms - place->second);
}

}  // namespace heddle
