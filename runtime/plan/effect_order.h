// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order that effects demand, beside references and `after`: writes of one resource keep the
// order of the text, a read comes after the last write before it and before the next one. Reads pass
// reads, pure calls pass everything, and a write that names no resource is ordered by its author
// alone.
//
//   EffectOrder order;
//   for (uint32_t call = 0; call < calls; ++call) {
//     for (uint32_t earlier : order.Add(call, effects, resource)) ...  // must end before `call` starts
//   }
//
// A call appears at most twice in all answers together per write, so n calls cost O(n log n).
// Thread-safety: none.

#ifndef HEDDLE_RUNTIME_PLAN_EFFECT_ORDER_H_
#define HEDDLE_RUNTIME_PLAN_EFFECT_ORDER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/tools/tool.h"

namespace heddle {

class EffectOrder {
 public:
  // Calls are added in the order of the text.
  std::vector<uint32_t> Add(uint32_t call, ToolEffects effects, const std::string& resource);

 private:
  struct Resource {
    std::optional<uint32_t> last_write;
    std::vector<uint32_t> reads_since;
  };
  std::map<std::string, Resource> resources_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLAN_EFFECT_ORDER_H_
