// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/plan/effect_order.h"

#include <utility>

namespace heddle {

std::vector<uint32_t> EffectOrder::Add(uint32_t call, ToolEffects effects,
                                       const std::string& resource) {
  if (effects == ToolEffects::kPure || resource.empty()) return {};
  Resource& state = resources_[resource];
  if (effects == ToolEffects::kRead) {
    state.reads_since.push_back(call);
    if (!state.last_write) return {};
    return {*state.last_write};
  }
  // Every read since waited for the last write, so it stands for it.
  std::vector<uint32_t> before = std::exchange(state.reads_since, {});
  if (before.empty() && state.last_write) before.push_back(*state.last_write);
  state.last_write = call;
  return before;
}

}  // namespace heddle
