// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checked calls as JSON and back, for the journal. Not a form that people write: every node says what
// it is, so that no text is scanned for references again.
//
//   ["ref", 1, "items", 0]   ["json", 3.5]   ["text", "costs ", ["ref", 1]]   ["list", ...]
//   ["object", {"query": ...}]
//
// Thread-safety: pure functions.

#ifndef HEDDLE_RUNTIME_PLAN_TEMPLATE_JSON_H_
#define HEDDLE_RUNTIME_PLAN_TEMPLATE_JSON_H_

#include "absl/status/statusor.h"
#include "runtime/plan/plan.h"

namespace heddle {

Json ToJson(const Template& value);
// DataLoss where it is not what ToJson writes. The value comes from ParseJson, so its depth is bounded.
absl::StatusOr<Template> TemplateFromJson(const Json& json);

Json ToJson(const PlanCall& call);
absl::StatusOr<PlanCall> CallFromJson(const Json& json);

Json ToJson(const PlanJoin& join);
absl::StatusOr<PlanJoin> JoinFromJson(const Json& json);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLAN_TEMPLATE_JSON_H_
