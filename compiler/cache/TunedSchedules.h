// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Schedules as data: what is wanted of kernels, by their signatures (compiler/kernels/ScheduleBook.h). One is
// an object of whole numbers by name, {"matmul.rows": 6}; which names there are is the compiler's affair.

#ifndef HEDDLE_COMPILER_CACHE_TUNEDSCHEDULES_H
#define HEDDLE_COMPILER_CACHE_TUNEDSCHEDULES_H

#include "compiler/cache/CacheFolder.h"

#include <map>

namespace heddle {

/// Numbers by name.
using ScheduleNumbers = std::map<std::string, int64_t>;

/// Of one compilation, as text:
///   {"apart": true, "kernels": {"<signature>": {"matmul.rows": 6}}}
/// Kernels are `apart` where each signature is to have its own.
class GivenSchedules {
public:
  static absl::StatusOr<GivenSchedules> parse(const std::string &text);
  absl::StatusOr<ScheduleNumbers> find(const std::string &signature) const;
  bool apart() const { return isApart; }

private:
  std::map<std::string, ScheduleNumbers> kernels;
  bool isApart = false;
};

/// Those that were found to be best, kept for a machine: a file for each kernel that has one.
///   {"signature": "...", "machine": "...", "schedule": {"matmul.rows": 6}, ...}
/// More fields say how it was found. A file that is anything else is an error that names it.
class TunedSchedules {
public:
  TunedSchedules(CacheFolder folder, std::string machine)
      : folder(std::move(folder)), machine(std::move(machine)) {}

  absl::StatusOr<ScheduleNumbers> find(const std::string &signature) const;
  /// Replaces what was kept; an empty schedule removes it. `facts` are the fields that say more.
  absl::Status keep(const std::string &signature, const ScheduleNumbers &schedule,
                    const std::map<std::string, std::string> &facts) const;

private:
  std::string fileOf(const std::string &signature) const;

  CacheFolder folder;
  std::string machine;
};

/// What the system calls this machine's processor; two with the same features may differ in what is
/// best for them.
std::string processorName();

} // namespace heddle

#endif // HEDDLE_COMPILER_CACHE_TUNEDSCHEDULES_H
