// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where the schedules of a compilation come from: its options, or what was found on this machine.

#ifndef HEDDLE_COMPILER_OPENSCHEDULES_H
#define HEDDLE_COMPILER_OPENSCHEDULES_H

#include "compiler/Compile.h"
#include "compiler/kernels/ScheduleBook.h"

namespace heddle {

absl::Status openSchedules(const CompileOptions &options, const codegen::Target &target,
                           ScheduleBook &schedules);

/// What a schedule was found for: the CPU that code is made for, and the one it was measured on.
std::string machineText(const codegen::Target &target);

} // namespace heddle

#endif // HEDDLE_COMPILER_OPENSCHEDULES_H
