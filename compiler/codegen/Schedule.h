// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is chosen about one kernel without changing what it computes: tile sizes, blocks, strategies.
//
// Every such number has one place, where the plan of its class of kernels names it, says what it
// usually is, and what else it may be:
//
//   plan.rows = target.choose("matmul.rows", 8, {4, 6, 12});
//
// With no schedule, or one that wants nothing, that is 8. A schedule that wants one of the others gets
// it; whatever else it wants is not understood, and counts for nothing. So a schedule that was found
// for an older compiler can be slow, but not wrong. What was asked is kept: it is what a tuner may try.

#ifndef HEDDLE_COMPILER_CODEGEN_SCHEDULE_H
#define HEDDLE_COMPILER_CODEGEN_SCHEDULE_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace heddle::codegen {

/// Numbers by name.
using ScheduleChoice = std::map<std::string, int64_t>;

class Schedule {
public:
  struct Knob {
    std::string name;
    int64_t value, usual;
    std::vector<int64_t> others;
  };

  Schedule() = default;
  explicit Schedule(ScheduleChoice wanted) : wanted(std::move(wanted)) {}

  /// May be asked more than once, also with something else that is usual: what was asked last is kept.
  int64_t choose(llvm::StringRef name, int64_t usual, llvm::ArrayRef<int64_t> others);

  /// In the order they were asked.
  const std::vector<Knob> &knobs() const { return asked; }

private:
  ScheduleChoice wanted;
  std::vector<Knob> asked;
};

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_SCHEDULE_H
