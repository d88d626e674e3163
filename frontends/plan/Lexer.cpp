// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/plan/Lexer.h"

#include "frontends/plan/ReferenceText.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

namespace heddle {
namespace {

// Longer ones are no words and no numbers that anybody meant.
constexpr size_t maxTokenLength = 512;

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isWordStart(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80);
}
bool isWordByte(char c) { return isWordStart(c) || isDigit(c) || c == '-' || c == '.' || c == '/'; }

// JSON's numbers, and also "+1", ".5" and "5.". Nothing where the text is something else; a message
// where it is a number that would lose digits.
std::optional<Json> parseNumber(std::string_view text, std::string &message) {
  bool isInteger =
      std::all_of(text.begin() + (text[0] == '-' || text[0] == '+'), text.end(), isDigit);
  std::string_view digits = text.substr(text[0] == '-' || text[0] == '+');
  if (digits.empty() || !(isDigit(digits[0]) || digits[0] == '.'))
    return std::nullopt;
  if (digits.size() > 1 && digits[0] == '0' && isDigit(digits[1])) {
    message = "a number does not begin with 0; quote it if it is text";
    return std::nullopt;
  }
  std::string_view spelled = text[0] == '+' ? digits : text;
  const char *begin = spelled.data(), *end = begin + spelled.size();
  auto reads = [&](auto &number) {
    auto [stop, error] = std::from_chars(begin, end, number);
    return stop == end && error == std::errc();
  };
  int64_t integer = 0;
  uint64_t large = 0;
  if (isInteger) {
    if (reads(integer))
      return Json(integer);
    if (reads(large))
      return Json(large);
    message = "this number has more digits than 64 bits hold; quote it if it is text";
    return std::nullopt;
  }
  double number = 0;
  if (reads(number) && std::isfinite(number))
    return Json(number);
  return std::nullopt;
}

} // namespace

Token Lexer::make(Token::Kind kind, Lookahead &look, size_t end) const {
  Token token;
  token.kind = kind;
  token.range = {offset, static_cast<uint32_t>(end)};
  token.text = look.slice(offset, end);
  return token;
}

Token Lexer::fail(Lookahead &look, size_t end, std::string message) const {
  Token token = make(Token::Kind::Error, look, end);
  token.message = std::move(message);
  return token;
}

std::optional<Token> Lexer::next(std::string_view text, bool final) {
  Lookahead look(text, final);
  skipBlanks(look);
  if (look.isUndecided())
    return std::nullopt;
  Token token = lex(look);
  if (look.isUndecided())
    return std::nullopt;
  // All of a string that is never closed was looked at.
  moveTo(std::max<size_t>(token.range.end, scanned));
  return token;
}

/// Moves on for good over what is certainly blank, and remembers how far a comment was looked at.
void Lexer::skipBlanks(Lookahead &look) {
  while (true) {
    offset = look.endOf(offset, [](unsigned char c) { return std::isspace(c) != 0; });
    if (!look.is(offset, '#'))
      return;
    size_t end = look.endOf(std::max<size_t>(scanned, offset), [](char c) { return c != '\n'; });
    scanned = end;
    if (look.isUndecided())
      return;
    moveTo(end);
  }
}

Token Lexer::lex(Lookahead &look) {
  if (!look.has(offset))
    return make(Token::Kind::End, look, offset);
  if (look.isOneOf(offset, "()[]{},:="))
    return make(Token::Kind::Punctuation, look, offset + 1);
  if (look.isOneOf(offset, "\"'"))
    return lexString(look);
  char c = look[offset];
  if (c == '$')
    return lexReference(look);
  if (isDigit(c) || c == '-' || c == '+' || c == '.')
    return lexNumber(look);
  if (isWordStart(c))
    return lexWord(look);
  return fail(look, offset + 1, "this character has no meaning here");
}

Token Lexer::lexString(Lookahead &look) {
  char quote = look[offset];
  bool isLong = look.is(offset + 1, quote) && look.is(offset + 2, quote);
  size_t quotes = isLong ? 3 : 1;
  size_t at = std::max(scanned, offset + quotes);
  while (look.has(at)) {
    if (look[at] == quote) {
      bool closes = !isLong || (look.is(at + 1, quote) && look.is(at + 2, quote));
      if (closes)
        return make(Token::Kind::String, look, at + quotes);
      if (look.isUndecided())
        break; // the rest of the closing quotes may still come
      ++at;
    } else if (look[at] != '\\') {
      ++at;
    } else if (look.has(at + 1)) {
      at += 2;
    } else {
      break;
    }
  }
  scanned = at;
  return fail(look, offset + quotes, "the string that begins here is never closed");
}

Token Lexer::lexNumber(Lookahead &look) const {
  char before = 0;
  auto isMember = [&](char c) {
    bool isSign = c == '-' || c == '+';
    bool belongs = isSign ? !before || (before | 0x20) == 'e' : isWordByte(c);
    before = c;
    return belongs;
  };
  Token token = make(Token::Kind::Number, look, look.endOf(offset, isMember, maxTokenLength + 1));
  std::optional<Json> number = parseNumber(token.text, token.message);
  if (number)
    token.number = std::move(*number);
  else if (token.message.empty())
    token.message = "this is no number that a double holds; text is quoted";
  if (!number)
    token.kind = Token::Kind::Error;
  return token;
}

Token Lexer::lexWord(Lookahead &look) const {
  size_t end = look.endOf(offset, isWordByte, maxTokenLength + 1);
  if (end - offset > maxTokenLength)
    return fail(look, end, "this word is too long");
  return make(Token::Kind::Word, look, end);
}

Token Lexer::lexReference(Lookahead &look) const {
  ScannedReference scanned = scanReference(look, offset);
  if (scanned.state == ScannedReference::State::None)
    return fail(look, offset + 1, "a reference is $N or ${N}, with the number of a call");
  if (scanned.state == ScannedReference::State::Malformed)
    return fail(look, offset + scanned.length, scanned.message);
  size_t end = offset + scanned.length;
  if (look[end - 1] == '}' && look.isOneOf(end, ".[")) {
    int open = 0;
    auto isSelector = [&](char c) {
      open += c == '[' ? 1 : c == ']' ? -1 : 0;
      return open >= 0 && (isWordByte(c) || c == '[' || c == ']');
    };
    size_t behind = look.endOf(end, isSelector, maxTokenLength);
    std::string meant(look.slice(offset, end - 1));
    meant += look.slice(end, behind);
    return fail(look, behind, "what is selected stands inside the braces: " + meant + "}");
  }
  Token token = make(Token::Kind::Reference, look, end);
  token.reference = std::move(scanned.reference);
  token.reference.where = token.range;
  return token;
}

} // namespace heddle
