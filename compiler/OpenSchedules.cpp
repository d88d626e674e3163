// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/OpenSchedules.h"

#include "compiler/cache/TunedSchedules.h"

namespace heddle {

std::string machineText(const codegen::Target &target) {
  return target.cpu() + " " + target.featureString() + " on " + processorName();
}

/// Statuses as LLVM's errors.
template <typename Source> static auto finderIn(Source source) {
  return [source](const std::string &signature) -> llvm::Expected<codegen::ScheduleChoice> {
    auto found = source.find(signature);
    if (found.ok())
      return *std::move(found);
    return llvm::createStringError(std::string(found.status().message()));
  };
}

absl::Status openSchedules(const CompileOptions &options, const codegen::Target &target,
                           ScheduleBook &schedules) {
  schedules.apart = options.emit == EmitKind::Schedules;
  if (!options.schedules.empty()) {
    auto given = GivenSchedules::parse(options.schedules);
    if (!given.ok())
      return given.status();
    schedules.apart |= given->apart();
    schedules.find = finderIn(*std::move(given));
    return absl::OkStatus();
  }
  absl::StatusOr<CacheFolder> folder = CacheFolder::open(options.cacheFolder);
  if (folder.ok() && options.tuned)
    schedules.find = finderIn(TunedSchedules(*folder, machineText(target)));
  return absl::OkStatus();
}

} // namespace heddle
