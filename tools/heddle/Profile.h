// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the time of a run goes: each task's, beside what the machine could do at most.

#ifndef HEDDLE_TOOLS_HEDDLE_PROFILE_H
#define HEDDLE_TOOLS_HEDDLE_PROFILE_H

#include "runtime/session/session.h"
#include "tools/heddle/Inputs.h"
#include "tools/heddle/Roofline.h"

#include <nlohmann/json.hpp>

namespace heddle::cli {

struct ProfiledTask {
  std::string op, name;
  uint32_t graph, task;
  double us;               ///< least of the runs, summed over workers and iterations
  double leastUs = -1;     ///< at the machine's limits; negative where nothing is counted
  int64_t operations = -1; ///< of arithmetic
  int64_t bytes = -1;      ///< read and written at least

  double gflops() const { return operations > 0 ? operations / us / 1e3 : -1; }
  double gbPerSec() const { return bytes > 0 ? bytes / us / 1e3 : -1; }
  double lostUs() const { return leastUs >= 0 ? std::max(0.0, us - leastUs) : us; }
};

struct Profile {
  Roofline roofline;
  double totalUs = 0;
  std::vector<ProfiledTask> tasks; ///< the most expensive first

  void print() const;
  nlohmann::ordered_json json() const;
};

/// Runs some more times, recording. Each run is timed without recording before.
absl::StatusOr<Profile> profileRuns(Session &session, const Model &model,
                                    std::list<HostTensor> &inputs);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_PROFILE_H
