// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/plan/run_state.h"

namespace heddle {

void PlanRun::State::BeginRound() {
  round_begin_ = static_cast<uint32_t>(calls_.size());
  duplicates_.Forget([this](uint32_t call) { return !calls_[call].has_result(); });
}

// Within a round an idempotent write that stands there twice is made twice, as the plan says.
bool PlanRun::State::FollowEarlierWrite(uint32_t index) {
  RunCall& call = calls_[index];
  auto [place, is_new] = idempotent_writes_.emplace(
      absl::StrCat(call.report.tool, "\n", CanonicalText(call.report.arguments)), index);
  if (is_new || call.stage == CallStage::kEnded) return false;
  const uint32_t earlier = std::exchange(place->second, index);
  if (earlier >= round_begin_ || !calls_[earlier].has_result()) return false;
  const std::string& resource = call.tool->description().resource;
  for (uint32_t between = earlier + 1; between < index && !resource.empty(); ++between) {
    const Tool* tool = calls_[between].tool;
    if (tool && tool->description().effects == ToolEffects::kWrite &&
        tool->description().resource == resource) {
      return false;
    }
  }
  call.leader = {earlier};
  Settle(index, CallStatus::kDeduplicated, calls_[earlier].report.result, "");
  return true;
}

}  // namespace heddle
