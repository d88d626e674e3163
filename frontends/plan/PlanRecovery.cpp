// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What becomes of a call that cannot be read: where its message points, and where reading goes on.

#include "frontends/plan/PlanParser.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace heddle {

/// Whether `token`, or the number that is read before it, stands where a call would: "2." first on a
/// line, or a word in the first column. What follows them may not have arrived yet.
bool PlanParser::beginsCallBehindHead(const Token &token, bool isAfterNumber) const {
  std::string_view text = source.text();
  bool isNumber = isAfterNumber || (token.text.size() > 1 && token.text.back() == '.');
  uint32_t begin = isAfterNumber ? lastRange.begin : token.range.begin;
  uint32_t first = begin;
  while (isNumber && first > head.end && (text[first - 1] == ' ' || text[first - 1] == '\t'))
    --first;
  bool isFirst = first > head.end && text[first - 1] == '\n';
  return isFirst && (isNumber || token.kind == Token::Kind::Word);
}

void PlanParser::breakStatement(const Token &token) {
  std::string_view text = source.text();
  using Kind = Token::Kind;
  // "2. search(" reads as a number and something that does not follow one.
  bool isInside = lastRange.begin >= head.end;
  bool isAfterNumber = isInside && lastKind == Kind::Number && text[lastRange.end - 1] == '.';
  uint32_t resume = isAfterNumber ? lastRange.begin : token.range.begin;
  std::string opened = builder.innermostOpen();
  SourceRange openedAt = builder.innermostRange();
  std::vector<PlanDiagnostic> errors = builder.takeErrors();

  // The message goes to where the mistake most probably is, which is seldom where it shows.
  auto hasNewline = [&](uint32_t begin, uint32_t end) {
    return text.substr(begin, end - begin).find('\n') != std::string_view::npos;
  };
  if (isInside && lastKind == Kind::String && hasNewline(lastRange.begin, lastRange.end) &&
      !hasNewline(lastRange.end, token.range.begin))
    errors.back() = planError({lastRange.begin, lastRange.begin + 1},
                              absl::StrCat("the string that begins here goes on to line ",
                                           source.place(lastRange.end).line,
                                           " and cannot end there: ", errors.back().message));
  else if (token.kind != Kind::End && !opened.empty() && beginsCallBehindHead(token, isAfterNumber))
    errors.back() =
        planError(openedAt, absl::StrCat("this '", opened, "' is not closed before line ",
                                         source.place(resume).line, ", where another call begins"));
  // Of a string that is never closed only the quote is shown, but all of it was looked at.
  if (lexer.position() > token.range.end)
    resume = lexer.position();
  size_t newline = text.substr(head.end, resume - head.end).find('\n');
  bool isSameLine = newline == std::string_view::npos;
  proseBegin = pos = isSameLine ? resume : head.end + newline;
  state = isSameLine ? State::Prose : State::Between;
  breakHead({head.begin, pos}, std::move(errors));
}

/// "3. something that is no call".
void PlanParser::breakNumberedLine(uint32_t end) {
  proseBegin = ++pos;
  state = State::Prose;
  SourceRange where{head.begin, end};
  breakHead(where, {planError(where, "expected a call behind the number: NAME(arguments)")});
}

void PlanParser::breakHead(SourceRange where, std::vector<PlanDiagnostic> errors) {
  isBroken = true;
  afterCall = lineStart = false;
  CallId id = head.id.value_or(ids.next());
  if (head.tool != "join")
    ids.add(id, consumer);
  consumer.onBroken({id, std::move(head.tool), where, std::move(errors)});
}

} // namespace heddle
