// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Times of runs, and the fields that `bench` and `run` report of them.

#ifndef HEDDLE_TOOLS_HEDDLE_MEASUREMENT_H
#define HEDDLE_TOOLS_HEDDLE_MEASUREMENT_H

#include "runtime/session/session.h"
#include "tools/heddle/LoadedModel.h"

#include <nlohmann/json.hpp>
#include <vector>

namespace heddle::cli {

struct Measurement {
  std::string model;
  int threads = 0;
  double compileMs = 0, loadMs = 0, firstRunMs = 0;
  std::vector<double> runMs; ///< after the first, unless there was no other

  double medianMs() const { return quantile(0.5); }
  double minMs() const { return quantile(0); }
  double quantile(double part) const;
  nlohmann::ordered_json json() const;
  /// For people, on standard output.
  void print() const;
};

/// Runs once, and notes the time: the first time as the first run.
absl::Status measureRun(Session &session, Measurement &measurement);

/// The most memory this process has held, in MiB, since it began or since forgetPeakMemory().
double peakMemoryMb();
/// What reading and compiling a model took is not what running it takes.
void forgetPeakMemory();

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_MEASUREMENT_H
