// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What `heddle run --trace` wrote, as far as an explanation needs it.

#ifndef HEDDLE_TOOLS_HEDDLE_EXPLAIN_TRACE_H
#define HEDDLE_TOOLS_HEDDLE_EXPLAIN_TRACE_H

#include "absl/status/statusor.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace heddle::cli {

/// A stretch of time that a worker spent on a task.
struct TraceSpan {
  uint32_t graph, task;
  int worker;
  double beginUs, endUs;
};

struct Trace {
  std::vector<TraceSpan> spans;        ///< the first begins at 0
  std::map<std::string, int64_t> dims; ///< sizes of the run's inputs, by INPUT:AXIS
};

absl::StatusOr<Trace> readTrace(const std::string &path);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_EXPLAIN_TRACE_H
