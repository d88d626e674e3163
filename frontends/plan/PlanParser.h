// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The plan language, read as it arrives: each statement is given to the consumer with its last
// character. docs/plan-language.md says what is accepted.
//
// Recovery: the reading in which everything closes is preferred, so a string may hold lines that
// look like calls. Where a call cannot be read, it alone is broken, and reading goes on at the next
// line that begins a call, or behind the error at a "N. name(" on the same line. Each line is read
// again at most once for each kind of quote, so time stays linear.
//
// What is read is the same however the text is cut: see Lookahead.h.

#ifndef HEDDLE_FRONTENDS_PLAN_PLANPARSER_H
#define HEDDLE_FRONTENDS_PLAN_PLANPARSER_H

#include "frontends/plan/CallIds.h"
#include "frontends/plan/Lexer.h"
#include "frontends/plan/Lookahead.h"
#include "frontends/plan/ParsedPlan.h"
#include "frontends/plan/StatementHead.h"
#include "frontends/plan/ValueBuilder.h"

#include <vector>

namespace heddle {

class PlanParser {
public:
  /// `earlier`: ids that references may name from the start.
  PlanParser(const SourceText &source, int maxDepth, const std::vector<CallId> &earlier,
             StatementConsumer &consumer);

  /// Reads what was appended to the source; `final`: nothing more follows.
  void advance(bool final);

  bool ended() const { return state == State::Ended; }
  uint32_t position() const { return pos; }

private:
  enum class State { Between, Comment, Prose, Arguments, Ended };

  /// What to do about the text at `pos`.
  struct Decision {
    enum class Kind { Skip, LineEnd, Comment, EndOfPlan, Call, NumberedLine, Prose, ProseEnd };
    Kind kind;
    uint32_t end = 0; // of what it is about
    StatementHead head = {};
  };
  Decision decide(Lookahead &look) const;
  Decision decideInProse(Lookahead &look) const;
  void act(Decision decision);

  /// One step; false where more text must come.
  bool step(bool final);
  bool stepArguments(bool final);

  void beginStatement();
  void endStatement(std::vector<PlanDiagnostic> errors);
  void breakStatement(const Token &token);
  void breakNumberedLine(uint32_t end);
  void breakHead(SourceRange where, std::vector<PlanDiagnostic> errors);
  bool beginsCallBehindHead(const Token &token, bool isAfterNumber) const;
  void beginProse();
  void endProse();

  const SourceText &source;
  StatementConsumer &consumer;
  ValueBuilder builder;
  Lexer lexer;

  State state = State::Between;
  uint32_t pos = 0;
  bool lineStart = true;  // only blanks since the line began
  bool afterCall = false; // only separators since a call
  bool isBroken = false;  // what is read belongs to a call that could not be read
  uint32_t proseBegin = 0;
  Token::Kind lastKind = Token::Kind::End; // of the token before, and where it stands
  SourceRange lastRange;
  StatementHead head;
  CallIds ids;
};

} // namespace heddle

#endif // HEDDLE_FRONTENDS_PLAN_PLANPARSER_H
