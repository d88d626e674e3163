// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/cache/TunedSchedules.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace heddle {

using nlohmann::json;

static absl::StatusOr<ScheduleNumbers> numbersOf(const json &fields) {
  constexpr int64_t most = 1 << 20;
  if (!fields.is_object())
    return absl::InvalidArgumentError("a schedule is an object of numbers by name");
  ScheduleNumbers numbers;
  for (const auto &[name, value] : fields.items()) {
    if (!value.is_number_integer() || value.get<double>() < 0 || value.get<double>() > most)
      return absl::InvalidArgumentError(
          "'" + name + "' of a schedule must be a whole number up to " + std::to_string(most));
    numbers[name] = value.get<int64_t>();
  }
  return numbers;
}

absl::StatusOr<GivenSchedules> GivenSchedules::parse(const std::string &text) {
  json all = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!all.is_object() || !all.contains("kernels") || !all["kernels"].is_object() ||
      (all.contains("apart") && !all["apart"].is_boolean()))
    return absl::InvalidArgumentError(
        "schedules are JSON of the form {\"kernels\": {SIGNATURE: {NAME: NUMBER}}}");
  GivenSchedules given;
  given.isApart = all.value("apart", false);
  for (const auto &[signature, fields] : all["kernels"].items()) {
    auto numbers = numbersOf(fields);
    if (!numbers.ok())
      return numbers.status();
    given.kernels[signature] = *std::move(numbers);
  }
  return given;
}

absl::StatusOr<ScheduleNumbers> GivenSchedules::find(const std::string &signature) const {
  auto found = kernels.find(signature);
  return found == kernels.end() ? ScheduleNumbers() : found->second;
}

std::string TunedSchedules::fileOf(const std::string &signature) const {
  return folder.fileFor("schedule 1\n" + machine + "\n" + signature, ".tuned");
}

absl::StatusOr<ScheduleNumbers> TunedSchedules::find(const std::string &signature) const {
  std::string file = fileOf(signature);
  std::optional<std::string> text = folder.read(file);
  if (!text)
    return ScheduleNumbers();
  auto refused = [&](const std::string &why) {
    return absl::InvalidArgumentError(file + ": " + why +
                                      "; heddle cache --clear tuned removes it");
  };
  json all = json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!all.is_object())
    return refused("is no schedule");
  if (all.value("signature", json()) != signature || all.value("machine", json()) != machine)
    return refused("is the schedule of another kernel or machine");
  auto numbers = numbersOf(all.value("schedule", json()));
  if (!numbers.ok())
    return refused(std::string(numbers.status().message()));
  return numbers;
}

absl::Status TunedSchedules::keep(const std::string &signature, const ScheduleNumbers &schedule,
                                  const std::map<std::string, std::string> &facts) const {
  std::string file = fileOf(signature);
  if (schedule.empty()) {
    ::unlink(file.c_str());
    return absl::OkStatus();
  }
  nlohmann::ordered_json all;
  all["signature"] = signature;
  all["machine"] = machine;
  all["schedule"] = schedule;
  for (const auto &[name, value] : facts)
    all[name] = value;
  std::string text = all.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
  if (!folder.write(file, text))
    return absl::InvalidArgumentError("cannot write " + file);
  return absl::OkStatus();
}

std::string processorName() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0)
      return line.substr(std::min(line.find(':') + 2, line.size()));
  return "an unknown processor";
}

} // namespace heddle
