// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two artifacts of one model, run in turns: how long each kernel takes in either. What else the machine
// does meets both alike, and the least of several times is what it takes when nothing else is done.

#ifndef HEDDLE_TOOLS_HEDDLE_TUNE_COMPARISON_H
#define HEDDLE_TOOLS_HEDDLE_TUNE_COMPARISON_H

#include "tools/heddle/Inputs.h"

#include <map>
#include <string>

namespace heddle::cli {

struct ComparedTimes {
  double usualUs = 0, otherUs = 0; ///< the least
  int pairs = 0, faster = 0;       ///< runs one after the other, and those that the other one won

  double ratio() const { return usualUs > 0 ? otherUs / usualUs : 1; }
  /// Faster by at least so much, and in three of four pairs.
  bool isGain(double least) const { return ratio() < 1 - least && 4 * faster >= 3 * pairs; }
};

struct Comparison {
  ComparedTimes whole;
  std::map<std::string, ComparedTimes> kernels; ///< by name
};

struct ComparisonRequest {
  std::string usual, other; ///< artifacts
  InputRequest inputs;
  int threads = 1;
  double seconds = 1;   ///< runs go on for so long, and for some pairs at least
  bool byKernel = true; ///< else only as a whole, without recording
  std::string turns;    ///< a file: those who name the same one measure one after the other
};

/// In a child process: what crashes there is an error here.
absl::StatusOr<Comparison> compareApart(const ComparisonRequest &request);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_TUNE_COMPARISON_H
