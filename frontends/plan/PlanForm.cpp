// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/plan/JsonPlan.h"
#include "frontends/plan/StatementHead.h"

#include <algorithm>

namespace heddle {

PlanForm PlanFormFinder::find(std::string_view text, bool final) {
  while (true) {
    lineBegin = std::min(text.find_first_not_of(" \t\r\n", lineBegin), text.size());
    if (lineBegin == text.size())
      return final ? PlanForm::Language : PlanForm::Undecided;
    if (scanned <= lineBegin && (text[lineBegin] == '{' || text[lineBegin] == '[')) {
      size_t next = text.find_first_not_of(" \t\r\n", lineBegin + 1);
      if (next == std::string_view::npos && !final)
        return PlanForm::Undecided;
      if (next != std::string_view::npos &&
          std::string_view("\"'{}]").find(text[next]) != std::string_view::npos)
        return PlanForm::Json;
    }
    if (scanned <= lineBegin) {
      StatementHead head;
      HeadMatch match = matchHead(text, lineBegin, final, /*inProse=*/false, head);
      if (match == HeadMatch::Undecided)
        return PlanForm::Undecided;
      if (match == HeadMatch::Yes || match == HeadMatch::NoCall)
        return PlanForm::Language;
    }
    size_t newline = text.find('\n', std::max(scanned, lineBegin));
    if (newline == std::string_view::npos) {
      scanned = text.size();
      return final ? PlanForm::Language : PlanForm::Undecided;
    }
    lineBegin = newline + 1;
  }
}

} // namespace heddle
