// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is wrong with a plan and where, and how a person sees it:
//
//   plan.txt:3:8: error: no tool is called 'serch'; did you mean 'search'?
//     3. serch("Lyon")
//        ^~~~~

#ifndef HEDDLE_FRONTENDS_PLAN_PLANDIAGNOSTIC_H
#define HEDDLE_FRONTENDS_PLAN_PLANDIAGNOSTIC_H

#include "frontends/plan/SourceText.h"
#include "runtime/plan/template.h"

#include <string>
#include <string_view>

namespace heddle {

struct PlanDiagnostic {
  enum class Severity { Error, Warning };

  Severity severity = Severity::Error;
  SourceRange range;
  std::string message;
};

inline PlanDiagnostic planError(SourceRange range, std::string message) {
  return {PlanDiagnostic::Severity::Error, range, std::move(message)};
}

inline PlanDiagnostic planWarning(SourceRange range, std::string message) {
  return {PlanDiagnostic::Severity::Warning, range, std::move(message)};
}

std::string_view toText(PlanDiagnostic::Severity severity);

/// "FILE:LINE:COL: error: message", the line, and a caret below; ends with a new line.
std::string render(const PlanDiagnostic &diagnostic, const SourceText &source);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_PLAN_PLANDIAGNOSTIC_H
