// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/plan/folding.h"

#include <utility>

namespace heddle {

const Json* ConstantFolder::Fold(const PlanCall& call, const ToolDescription& tool) {
  if (!evaluate_ || tool.effects != ToolEffects::kPure || tool.approval || !call.after.empty()) {
    return nullptr;
  }
  // Fails where a reference is not known.
  absl::StatusOr<Json> arguments =
      Substitute(Template{call.arguments, {}}, [this](CallId id) -> const Json* {
        auto found = known_.find(id);
        return found == known_.end() ? nullptr : &found->second;
      });
  if (!arguments.ok()) return nullptr;
  std::optional<Json> value = evaluate_(call.tool, *arguments);
  if (!value) return nullptr;
  return &known_.insert_or_assign(call.id, std::move(*value)).first->second;
}

}  // namespace heddle
