// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// References in text: "$1.items[0]" bare, "${1.items[0]}" braced, and which dollars inside a string
// are references at all.
//
// Inside a string "${N}" always is one. "$N" is one where N is the id of an earlier call and no
// digit, and no '.' or ',' with a digit, follows: "$1.50" and "$1,000" are money. There only the
// braced form selects, so "$1.items" is the whole result and then ".items".

#ifndef HEDDLE_FRONTENDS_PLAN_REFERENCETEXT_H
#define HEDDLE_FRONTENDS_PLAN_REFERENCETEXT_H

#include "frontends/plan/Lookahead.h"
#include "frontends/plan/PlanDiagnostic.h"
#include "frontends/plan/StringLiteral.h"
#include "runtime/plan/template.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

struct ScannedReference {
  enum class State {
    Complete,
    None, // the dollar begins no reference
    Malformed,
  };
  State state = State::None;
  size_t length = 0;   // of what was understood
  Reference reference; // its range is not set
  std::string message; // where malformed
};

/// Longer references are refused.
inline constexpr size_t maxReferenceLength = 1024;

/// A dollar stands at `at`.
ScannedReference scanReference(Lookahead &look, size_t at);

/// The number at the start of `text`, or -1 where there is none or it has more than 18 digits.
CallId scanId(std::string_view text, size_t &length);

/// The value as a literal or as a Text of pieces; `isEarlier` is asked of each "$N" that is no
/// money; malformed references are added to `errors`.
Template splitReferences(const StringValue &value, SourceRange where,
                         const std::function<bool(CallId, SourceRange)> &isEarlier,
                         std::vector<PlanDiagnostic> &errors);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_PLAN_REFERENCETEXT_H
