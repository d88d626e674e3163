// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The beginning of a call: "3. search(", "search(", "4. after 1, 2: write(", "5. join".

#ifndef HEDDLE_FRONTENDS_PLAN_STATEMENTHEAD_H
#define HEDDLE_FRONTENDS_PLAN_STATEMENTHEAD_H

#include "frontends/plan/Lookahead.h"
#include "runtime/plan/template.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle {

struct StatementHead {
  std::optional<CallId> id;
  SourceRange idRange;
  std::vector<std::pair<CallId, SourceRange>> after;
  std::string tool;
  SourceRange toolRange;
  bool hasParenthesis = true; // only a bare "join" has none
  bool isEmphasized = false;  // "**" stands before it and not yet behind it
  uint32_t begin = 0;
  uint32_t end = 0; // behind the parenthesis
};

enum class HeadMatch {
  Yes,
  No,
  NoCall, // "N." and then something that is no call
};

/// A head that is longer is none; so reading it again for every byte that arrives stays cheap.
inline constexpr size_t maxHeadLength = 512;

/// `inProse`: only "N. name(" counts, so that prose like "as f(x) shows" is not taken for a call.
HeadMatch matchHead(Lookahead &look, uint32_t at, bool inProse, StatementHead &head);

/// Whether a byte may stand in the name of a tool.
bool isToolNameByte(char c);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_PLAN_STATEMENTHEAD_H
