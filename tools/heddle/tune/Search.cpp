// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/tune/Search.h"

namespace heddle::cli {

TunableKernel TunableKernel::parse(const nlohmann::json &fields) {
  TunableKernel kernel;
  kernel.kernel = fields.at("kernel");
  kernel.signature = fields.at("signature");
  kernel.sizes = fields.at("sizes");
  for (const nlohmann::json &choice : fields.at("choices"))
    kernel.knobs.push_back({choice.at("name"), choice.at("value"), choice.at("usual"),
                            choice.at("others").get<std::vector<int64_t>>()});
  return kernel;
}

std::optional<ScheduleNumbers> KernelSearch::next() {
  for (const KernelKnob &knob : about.knobs) {
    std::vector<int64_t> values = knob.others;
    values.push_back(knob.usual);
    for (int64_t value : values) {
      ScheduleNumbers candidate = best;
      candidate.erase(knob.name);
      if (value != knob.usual)
        candidate[knob.name] = value;
      if (tried.insert(candidate).second)
        return candidate;
    }
  }
  return std::nullopt;
}

void KernelSearch::judge(const ScheduleNumbers &candidate, const ComparedTimes &times) {
  if (!times.isGain(kLeastGain) || times.ratio() > ratio * (1 - kLeastGain))
    return;
  best = candidate;
  ratio = times.ratio();
}

} // namespace heddle::cli
