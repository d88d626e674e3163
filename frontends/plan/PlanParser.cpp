// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/plan/PlanParser.h"

#include "frontends/plan/ReferenceText.h"
#include "frontends/plan/StringLiteral.h"

#include <algorithm>
#include <cctype>

namespace heddle {
namespace {

constexpr std::string_view endOfPlan = "<END_OF_PLAN>";
constexpr std::string_view thought = "Thought";

bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }

} // namespace

PlanParser::PlanParser(const SourceText &source, int maxDepth, const std::vector<CallId> &earlier,
                       StatementConsumer &consumer)
    : source(source), consumer(consumer),
      builder(maxDepth, /*foldConstants=*/true,
              [this](const Token &token, std::vector<PlanDiagnostic> &errors) {
                return splitReferences(
                    decodeString(token.text, token.range.begin), token.range,
                    [this](CallId id, SourceRange where) { return ids.has(id, where); }, errors);
              }),
      ids(earlier) {}

void PlanParser::advance(bool final) {
  while (state != State::Ended && step(final)) {
  }
  if (final && state == State::Prose)
    endProse();
}

bool PlanParser::step(bool final) {
  if (state == State::Arguments)
    return stepArguments(final);
  std::string_view text = source.text();
  if (state == State::Comment) { // only its end matters
    pos = std::min(text.find('\n', pos), text.size());
    state = pos < text.size() ? State::Between : State::Comment;
  }
  if (pos >= text.size())
    return false;
  Lookahead look(text, final);
  Decision decision = state == State::Prose ? decideInProse(look) : decide(look);
  if (look.isUndecided())
    return false;
  act(std::move(decision));
  return true;
}

PlanParser::Decision PlanParser::decide(Lookahead &look) const {
  using Kind = Decision::Kind;
  uint32_t next = pos + 1;
  if (look.is(pos, '\n'))
    return {Kind::LineEnd, next};
  if (isBlank(look[pos]) || (afterCall && look.isOneOf(pos, head.isEmphasized ? ";,`*" : ";,`")))
    return {Kind::Skip, next};

  // What stands around plans: comments, thoughts, fences, the mark of the end.
  if (look.startsWith(pos, endOfPlan))
    return {Kind::EndOfPlan, static_cast<uint32_t>(pos + endOfPlan.size())};
  if (look.is(pos, '#') || look.startsWith(pos, "//") || look.startsWith(pos, "```"))
    return {Kind::Comment, next};
  // "Thoughts_of(...)" may be a tool.
  if (lineStart && look.startsWith(pos, thought)) {
    uint32_t behind = pos + thought.size();
    if (!look.has(behind) || look.isOneOf(behind, ": \t\r\n"))
      return {Kind::Comment, behind};
  }

  // In the rest of a broken call, an indented "name(" is a call inside it rather than one of its own.
  bool isIndented = pos > 0 && look[pos - 1] != '\n';
  bool numberOnly = !(lineStart || afterCall) || (isBroken && isIndented);
  Decision decision{Kind::Prose, pos};
  HeadMatch match = matchHead(look, pos, numberOnly, decision.head);
  if (match == HeadMatch::Yes) {
    decision.kind = Kind::Call;
  } else if (match == HeadMatch::NoCall && lineStart && !isBroken) {
    decision.kind = Kind::NumberedLine;
    decision.end = look.endOf(
        decision.head.begin, [](char c) { return c != '\n'; }, 80);
  }
  return decision;
}

PlanParser::Decision PlanParser::decideInProse(Lookahead &look) const {
  using Kind = Decision::Kind;
  if (look.is(pos, '\n') || look.startsWith(pos, endOfPlan))
    return {Kind::ProseEnd, pos};
  Decision decision{Kind::Skip, pos + 1};
  bool wordBegins = pos == 0 || std::isspace(static_cast<unsigned char>(look[pos - 1]));
  if (wordBegins && isDigit(look[pos]) &&
      matchHead(look, pos, /*inProse=*/true, decision.head) == HeadMatch::Yes)
    decision.kind = Kind::Call;
  return decision;
}

void PlanParser::act(Decision decision) {
  switch (decision.kind) {
  case Decision::Kind::Skip:
    pos = decision.end;
    return;
  case Decision::Kind::LineEnd:
    pos = decision.end;
    lineStart = true;
    afterCall = false;
    return;
  case Decision::Kind::Comment:
    pos = decision.end;
    state = State::Comment;
    return;
  case Decision::Kind::EndOfPlan:
    pos = decision.end;
    state = State::Ended;
    return;
  case Decision::Kind::Call:
    if (state == State::Prose)
      endProse();
    head = std::move(decision.head);
    return beginStatement();
  case Decision::Kind::NumberedLine:
    head = std::move(decision.head);
    return breakNumberedLine(decision.end);
  case Decision::Kind::Prose:
    return beginProse();
  case Decision::Kind::ProseEnd:
    return endProse();
  }
}

void PlanParser::beginProse() {
  std::string_view text = source.text();
  proseBegin = pos;
  // Behind a call, what would go on with it as an expression is no prose.
  if (afterCall && !isBroken &&
      std::string_view(")]}[\"'+*/%=").find(text[pos]) != std::string_view::npos) {
    consumer.onDiagnostic(
        planError({pos, pos + 1}, "expected the end of the line or another call; a call is no part "
                                  "of an expression"));
    isBroken = true;
  }
  afterCall = false;
  lineStart = false;
  state = State::Prose;
}

void PlanParser::endProse() {
  std::string_view text = source.text();
  uint32_t end = pos;
  while (end > proseBegin && std::isspace(static_cast<unsigned char>(text[end - 1])))
    --end;
  bool says = std::any_of(text.begin() + proseBegin, text.begin() + end,
                          [](unsigned char c) { return std::isalnum(c) || c >= 0x80; });
  if (says && !isBroken)
    consumer.onDiagnostic(planWarning({proseBegin, end}, "this is no call and is ignored"));
  state = State::Between;
}

void PlanParser::beginStatement() {
  isBroken = false;
  lineStart = false;
  if (!head.id)
    head.idRange = head.toolRange;
  if (!head.hasParenthesis) {
    pos = head.end;
    builder.beginValue();
    endStatement({});
    return;
  }
  builder.beginArguments({head.end - 1, head.end});
  lexer.moveTo(head.end);
  lastKind = Token::Kind::Punctuation;
  state = State::Arguments;
}

bool PlanParser::stepArguments(bool final) {
  std::optional<Token> token = lexer.next(source.text(), final);
  if (!token)
    return false;
  switch (builder.push(*token)) {
  case ValueBuilder::Step::More:
    lastKind = token->kind;
    lastRange = token->range;
    return true;
  case ValueBuilder::Step::Done:
    pos = lexer.position();
    endStatement(builder.takeErrors());
    return true;
  case ValueBuilder::Step::Failed:
    breakStatement(*token);
    return true;
  }
  return false;
}

void PlanParser::endStatement(std::vector<PlanDiagnostic> errors) {
  ParsedArguments arguments = builder.takeArguments();
  state = State::Between;
  afterCall = true;
  SourceRange where{head.begin, pos};
  bool isJoin = head.tool == "join";
  if (isJoin && !arguments.named.empty())
    errors.push_back(
        planError(arguments.named[0].nameRange, "join takes its arguments without names"));
  if (isJoin && !head.after.empty())
    errors.push_back(planError(head.after[0].second, "join always comes after every call"));
  CallId id = head.id.value_or(ids.next());
  if (!isJoin)
    ids.add(id, consumer);
  if (!errors.empty())
    consumer.onBroken({id, std::move(head.tool), where, std::move(errors)});
  else if (isJoin)
    consumer.onJoin({std::move(arguments.positional), where});
  else
    consumer.onCall({id, head.idRange, std::move(head.tool), head.toolRange, std::move(arguments),
                     std::move(head.after), where});
}

} // namespace heddle
