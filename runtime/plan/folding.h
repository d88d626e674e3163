// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls whose result is known before anything runs: pure ones with arguments that are known, of a
// tool that somebody here can evaluate, such as the builtin `math`. Results that are known make
// more known. A call with `after` runs in its place: whoever comes after it waits for what it
// waited for.
//
// Thread-safety: none.

#ifndef HEDDLE_RUNTIME_PLAN_FOLDING_H_
#define HEDDLE_RUNTIME_PLAN_FOLDING_H_

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "runtime/plan/plan.h"
#include "runtime/tools/tool.h"

namespace heddle {

// The result of a tool without running it; none where the tool cannot be evaluated, or fails: a call
// that fails is left to fail when it runs, where its error has a place.
using Evaluate = std::function<std::optional<Json>(const std::string& tool, const Json& arguments)>;

class ConstantFolder {
 public:
  explicit ConstantFolder(Evaluate evaluate) : evaluate_(std::move(evaluate)) {}

  // Calls come in the order of the text. The result stays with the folder.
  const Json* Fold(const PlanCall& call, const ToolDescription& tool);

 private:
  const Evaluate evaluate_;
  std::map<CallId, Json> known_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLAN_FOLDING_H_
