// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/plan/PlanParser.h"

#include "frontends/plan/ReferenceText.h"
#include "frontends/plan/StringLiteral.h"

#include <algorithm>
#include <cctype>

namespace heddle {
namespace {

constexpr std::string_view endOfPlan = "<END_OF_PLAN>";

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
                    [this](CallId id) { return ids.count(id) > 0; }, errors);
              }) {
  for (CallId id : earlier) {
    ids.insert(id);
    nextId = std::max(nextId, id + 1);
  }
}

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
  if (pos >= text.size())
    return false;
  switch (state) {
  case State::Between:
    return stepBetween(final);
  case State::Prose:
    return stepProse(final);
  default: // of a comment only its end matters
    pos = std::min(text.find('\n', pos), text.size());
    if (pos < text.size())
      state = State::Between;
    return pos < text.size();
  }
}

std::optional<bool> PlanParser::standsHere(std::string_view word, bool final) const {
  std::string_view here = source.text().substr(pos, word.size());
  if (here == word)
    return true;
  if (here == word.substr(0, here.size()) && !final)
    return std::nullopt;
  return false;
}

bool PlanParser::stepBetween(bool final) {
  char c = source.text()[pos];
  if (c == '\n') {
    ++pos;
    lineStart = true;
    afterCall = false;
    return true;
  }
  if (isBlank(c) || (afterCall && (c == ';' || c == ',' || c == '`'))) {
    ++pos;
    return true;
  }
  if (afterCall && head.isEmphasized && c == '*') {
    ++pos;
    return true;
  }
  bool handled = false;
  bool goesOn = stepMarkup(final, handled);
  if (handled)
    return goesOn;

  // In the rest of a broken call, an indented "name(" is a call inside it rather than one of its own.
  bool isIndented = pos > 0 && source.text()[pos - 1] != '\n';
  bool numberOnly = !(lineStart || afterCall) || (isBroken && isIndented);
  switch (matchHead(source.text(), pos, final, numberOnly, head)) {
  case HeadMatch::Undecided:
    return false;
  case HeadMatch::Yes:
    beginStatement();
    return true;
  case HeadMatch::NoCall:
    if (lineStart && !isBroken) {
      breakNumberedLine();
      return true;
    }
    break;
  case HeadMatch::No:
    break;
  }
  beginProse();
  return true;
}

/// What stands around plans: comments, thoughts, fences, the mark of the end.
bool PlanParser::stepMarkup(bool final, bool &handled) {
  struct Markup {
    std::string_view word;
    State next;
  };
  static constexpr Markup markups[] = {{"#", State::Comment},
                                       {"//", State::Comment},
                                       {"```", State::Comment},
                                       {"Thought", State::Comment},
                                       {endOfPlan, State::Ended}};
  for (const Markup &markup : markups) {
    if (markup.word == "Thought" && !lineStart)
      continue;
    std::optional<bool> stands = standsHere(markup.word, final);
    if (stands == false)
      continue;
    handled = true;
    if (!stands)
      return false;
    // "Thoughts_of(...)" may be a tool.
    size_t behind = pos + markup.word.size();
    if (markup.word == "Thought") {
      if (behind >= source.text().size() && !final)
        return false;
      char next = behind < source.text().size() ? source.text()[behind] : ':';
      handled = next == ':' || isBlank(next) || next == '\n';
      if (!handled)
        continue;
    }
    pos = behind;
    state = markup.next;
    return true;
  }
  return false;
}

void PlanParser::beginProse() {
  std::string_view text = source.text();
  proseBegin = pos;
  // Behind a call, what would go on with it as an expression is no prose.
  if (afterCall && !isBroken && std::string_view(")]}[\"'+*/%=").find(text[pos]) !=
                                    std::string_view::npos) {
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

bool PlanParser::stepProse(bool final) {
  std::string_view text = source.text();
  for (; pos < text.size(); ++pos) {
    if (text[pos] == '\n') {
      endProse();
      return true;
    }
    if (text[pos] == '<') {
      std::optional<bool> stands = standsHere(endOfPlan, final);
      if (!stands)
        return false;
      if (*stands) {
        endProse();
        return true;
      }
    }
    bool wordBegins = pos == 0 || std::isspace(static_cast<unsigned char>(text[pos - 1]));
    if (!wordBegins || !isDigit(text[pos]))
      continue;
    HeadMatch match = matchHead(text, pos, final, /*inProse=*/true, head);
    if (match == HeadMatch::Undecided)
      return false;
    if (match == HeadMatch::Yes) {
      endProse();
      beginStatement();
      return true;
    }
  }
  return false;
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
  CallId id = head.id.value_or(nextId);
  if (!isJoin) {
    ids.insert(id);
    nextId = std::max(nextId, id + 1);
  }
  if (!errors.empty())
    consumer.onBroken({id, std::move(head.tool), where, std::move(errors)});
  else if (isJoin)
    consumer.onJoin({std::move(arguments.positional), where});
  else
    consumer.onCall({id, head.idRange, std::move(head.tool), head.toolRange, std::move(arguments),
                     std::move(head.after), where});
}

} // namespace heddle
