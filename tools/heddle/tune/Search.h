// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What to try for one kernel next: from the best schedule so far, one number at a time takes each of its
// other values, until none of them gains. Numbers come in the order in which the compiler asks for them,
// which is that of their effect: strategies, then tiles, then blocks.

#ifndef HEDDLE_TOOLS_HEDDLE_TUNE_SEARCH_H
#define HEDDLE_TOOLS_HEDDLE_TUNE_SEARCH_H

#include "compiler/cache/TunedSchedules.h"
#include "tools/heddle/tune/Comparison.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace heddle::cli {

/// The part of a kernel's time that is worth a schedule of its own.
inline constexpr double kLeastGain = 0.02;

struct KernelKnob {
  std::string name;
  int64_t value, usual;
  std::vector<int64_t> others;
};

/// A kernel with a choice, as `heddle compile --emit schedules` lists it.
struct TunableKernel {
  std::string kernel, signature, sizes;
  std::vector<KernelKnob> knobs;

  static TunableKernel parse(const nlohmann::json &fields);
};

class KernelSearch {
public:
  explicit KernelSearch(TunableKernel kernel) : about(std::move(kernel)) { tried.insert(best); }

  const TunableKernel &kernel() const { return about; }
  const ScheduleNumbers &bestSchedule() const { return best; }
  double bestRatio() const { return ratio; }

  /// Nothing where all was tried.
  std::optional<ScheduleNumbers> next();
  /// What a candidate of next() took, beside the usual schedule.
  void judge(const ScheduleNumbers &candidate, const ComparedTimes &times);
  bool found() const { return !best.empty(); }
  /// What there is to choose changed with the best schedule.
  void update(const TunableKernel &kernel) { about = kernel; }

private:
  TunableKernel about;
  ScheduleNumbers best;
  double ratio = 1;
  std::set<ScheduleNumbers> tried;
};

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_TUNE_SEARCH_H
