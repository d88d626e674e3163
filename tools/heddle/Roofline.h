// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What one core of this machine can do at most, measured: the limits that a task's time is held
// against.

#ifndef HEDDLE_TOOLS_HEDDLE_ROOFLINE_H
#define HEDDLE_TOOLS_HEDDLE_ROOFLINE_H

#include "absl/types/span.h"

#include <cstdint>

namespace heddle::cli {

struct Roofline {
  double gflops;         ///< of f32 multiply-adds in the widest vectors, two operations each
  double memoryGbPerSec; ///< reading what no cache holds
};

/// Takes some 100 ms.
Roofline measureRoofline();

/// The work that is timed for it. So many times as many multiply-adds of the widest vectors as
/// there are chains of them; returns how many operations that are.
double multiplyAdds(int64_t rounds);
/// Reads `memory`; the sum is of no use but to be needed.
uint64_t readAll(absl::Span<const uint64_t> memory);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_ROOFLINE_H
