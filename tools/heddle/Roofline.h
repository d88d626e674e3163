// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What one core of this machine can do at most, measured: the limits that a task's time is held
// against.

#ifndef HEDDLE_TOOLS_HEDDLE_ROOFLINE_H
#define HEDDLE_TOOLS_HEDDLE_ROOFLINE_H

namespace heddle::cli {

struct Roofline {
  double gflops;         ///< of f32 multiply-adds in the widest vectors, two operations each
  double memoryGbPerSec; ///< reading what no cache holds
};

/// Takes some 100 ms.
Roofline measureRoofline();

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_ROOFLINE_H
