// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From parsed calls to calls that may run: the tool exists, every argument has its name and fits the
// tool's schema, every reference names a call that stands before and selects something that its tool
// can return. One call at a time, so that a stream is checked as a whole plan is.

#ifndef HEDDLE_FRONTENDS_PLAN_PLANCHECKER_H
#define HEDDLE_FRONTENDS_PLAN_PLANCHECKER_H

#include "frontends/plan/ParsedPlan.h"
#include "frontends/plan/ToolCatalog.h"
#include "runtime/plan/json_schema.h"
#include "runtime/plan/plan.h"

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace heddle {

class PlanChecker {
public:
  explicit PlanChecker(const ToolCatalog &catalog) : catalog(catalog) {}

  /// A call of an earlier round, whose result may be used.
  void declare(CallId id, const std::string &tool) { tools[id] = catalog.find(tool); }
  /// Ids of the whole plan, where it is known: `after` may then name what stands later.
  void expect(CallId id) { expected.insert(id); }

  /// Nothing where there are errors. The id is taken in either case.
  std::optional<PlanCall> check(ParsedCall call, std::vector<PlanDiagnostic> &errors);
  /// A call that was already found wrong: references to it are no further errors.
  void addBroken(CallId id) { tools.emplace(id, nullptr); }
  std::optional<PlanJoin> check(ParsedJoin join, std::vector<PlanDiagnostic> &errors);

  bool isTaken(CallId id) const { return tools.count(id) > 0; }

private:
  void nameArguments(ParsedCall &call, const ToolDescription &tool, Template::Object &arguments,
                     std::vector<PlanDiagnostic> &errors);
  void checkReferences(const Template &value, CallId self, std::vector<PlanDiagnostic> &errors);
  void checkReference(const Reference &reference, CallId self, std::vector<PlanDiagnostic> &errors);
  std::string missing(CallId id) const;
  std::optional<SchemaView> schemaOf(const Reference &reference) const;

  /// Brings references that are a whole string to what the place takes: text where it takes strings
  /// only, else the value itself.
  void adapt(Template &value, SchemaView schema) const;

  const ToolCatalog &catalog;
  std::unordered_map<CallId, const ToolDescription *> tools; // null: broken, or not known any more
  std::unordered_set<CallId> expected;
};

/// Calls that wait for each other are an error; else calls are moved behind what they come after.
void orderCalls(std::vector<PlanCall> &calls, std::vector<PlanDiagnostic> &errors);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_PLAN_PLANCHECKER_H
