// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which calls are one call: equal pure calls always; equal reads where they follow the same writes,
// because then one result is right for both in some order that the plan allows. "Follow" counts
// references, `after` and the order of effects, through any number of calls. So reads are not merged
// across a write to their resource, a read of an unknown resource is merged unless the plan itself
// puts a write before one of the two, and writes are never merged.
//
// Thread-safety: none.

#ifndef HEDDLE_RUNTIME_PLAN_DUPLICATES_H_
#define HEDDLE_RUNTIME_PLAN_DUPLICATES_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/plan/template.h"
#include "runtime/tools/tool.h"

namespace heddle {

// Equal values have equal texts, whatever the order of their members; 1 and 1.0 differ.
std::string CanonicalText(const Json& value);
// The same for arguments that are not known yet. `leader` says which call stands for a call; text
// without references has the text of its value.
std::string CanonicalText(const Template& value, const std::function<CallId(CallId)>& leader);

class Duplicates {
 public:
  // The earlier call that `call` repeats, if any; otherwise `call` is remembered. `writes_before`:
  // those of the calls it directly waits for that write or themselves follow a write, in ascending order.
  std::optional<uint32_t> Add(uint32_t call, const std::string& tool, ToolEffects effects,
                              const std::string& canonical_arguments,
                              const std::vector<uint32_t>& writes_before);

  // Calls that equal one of these are no duplicates of it any more.
  void Forget(const std::function<bool(uint32_t call)>& which) {
    std::erase_if(first_, [&](const auto& entry) { return which(entry.second); });
  }

 private:
  std::unordered_map<std::string, uint32_t> first_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLAN_DUPLICATES_H_
