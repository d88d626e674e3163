// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Statements of a plan as they stand in the text, before tools are looked up: positional arguments
// have no names yet. Both the text form and the JSON forms become these.

#ifndef HEDDLE_FRONTENDS_PLAN_PARSEDPLAN_H
#define HEDDLE_FRONTENDS_PLAN_PARSEDPLAN_H

#include "frontends/plan/PlanDiagnostic.h"
#include "runtime/plan/template.h"

#include <string>
#include <utility>
#include <vector>

namespace heddle {

struct NamedArgument {
  std::string name;
  SourceRange nameRange;
  Template value;
};

struct ParsedArguments {
  std::vector<Template> positional;
  std::vector<NamedArgument> named;
};

struct ParsedCall {
  CallId id = 0;
  SourceRange idRange; // where an error about the id points: the number, or the tool without one
  std::string tool;
  SourceRange toolRange;
  ParsedArguments arguments;
  std::vector<std::pair<CallId, SourceRange>> after;
  SourceRange where;
};

struct ParsedJoin {
  std::vector<Template> arguments;
  SourceRange where;
};

/// A call that cannot be read or that is wrong, and why.
struct BrokenCall {
  CallId id = 0;
  std::string tool; // empty where not even that can be read
  SourceRange where;
  std::vector<PlanDiagnostic> errors;
};

/// Gets each statement the moment it is complete.
class StatementConsumer {
public:
  virtual ~StatementConsumer() = default;
  virtual void onCall(ParsedCall call) = 0;
  virtual void onJoin(ParsedJoin join) = 0;
  virtual void onBroken(BrokenCall call) = 0;
  /// What is wrong with no call in particular.
  virtual void onDiagnostic(PlanDiagnostic diagnostic) = 0;
};

} // namespace heddle

#endif // HEDDLE_FRONTENDS_PLAN_PARSEDPLAN_H
