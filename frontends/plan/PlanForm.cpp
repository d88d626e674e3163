// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/plan/JsonPlan.h"
#include "frontends/plan/StatementHead.h"

#include <algorithm>

namespace heddle {

namespace {

constexpr std::string_view blanks = " \t\r\n";

/// What the line at `at` says; Undecided where nothing.
PlanForm formOf(Lookahead &look, size_t at) {
  look.narrow(at + maxHeadLength);
  if (look.isOneOf(at, "{[")) {
    size_t next =
        look.endOf(at + 1, [](char c) { return blanks.find(c) != std::string_view::npos; });
    if (look.isOneOf(next, "\"'{}]"))
      return PlanForm::Json;
  }
  StatementHead head;
  HeadMatch match = matchHead(look, at, /*inProse=*/false, head);
  return match == HeadMatch::No ? PlanForm::Undecided : PlanForm::Language;
}

} // namespace

PlanForm PlanFormFinder::find(std::string_view text, bool final) {
  while (true) {
    if (!lineSaysNothing) {
      lineBegin = std::min(text.find_first_not_of(blanks, lineBegin), text.size());
      if (lineBegin == text.size())
        break;
      Lookahead look(text, final);
      PlanForm form = formOf(look, lineBegin);
      if (look.isUndecided())
        break;
      if (form != PlanForm::Undecided)
        return form;
      lineSaysNothing = true;
    }
    lineBegin = std::min(text.find('\n', lineBegin), text.size());
    if (lineBegin == text.size())
      break;
    lineSaysNothing = false;
  }
  return final ? PlanForm::Language : PlanForm::Undecided;
}

} // namespace heddle
