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
bool isWordByte(char c) {
  return isWordStart(c) || isDigit(c) || c == '-' || c == '.' || c == '/';
}

template <typename Predicate>
size_t endOfRun(std::string_view text, size_t begin, Predicate isMember) {
  size_t end = begin;
  while (end < text.size() && end - begin <= maxTokenLength && isMember(end))
    ++end;
  return end;
}

// JSON's numbers, and also "+1", ".5" and "5.". Nothing where the text is something else; a message
// where it is a number that would lose digits.
std::optional<Json> parseNumber(std::string_view text, std::string &message) {
  bool isInteger = std::all_of(text.begin() + (text[0] == '-' || text[0] == '+'), text.end(),
                               isDigit);
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

Token Lexer::take(Token::Kind kind, std::string_view text, size_t end) {
  Token token;
  token.kind = kind;
  token.range = {offset, static_cast<uint32_t>(end)};
  token.text = text.substr(offset, end - offset);
  moveTo(end);
  return token;
}

Token Lexer::fail(std::string_view text, size_t end, std::string message) {
  Token token = take(Token::Kind::Error, text, end);
  token.message = std::move(message);
  return token;
}

/// False where a comment may go on.
bool Lexer::skipBlanks(std::string_view text, bool final) {
  while (true) {
    while (offset < text.size() && std::isspace(static_cast<unsigned char>(text[offset])))
      ++offset;
    if (offset >= text.size() || text[offset] != '#')
      return true;
    size_t newline = text.find('\n', std::max<size_t>(scanned, offset));
    if (newline == std::string_view::npos) {
      scanned = text.size();
      if (final)
        moveTo(text.size());
      return final;
    }
    moveTo(newline + 1);
  }
}

std::optional<Token> Lexer::next(std::string_view text, bool final) {
  if (!skipBlanks(text, final))
    return std::nullopt;
  if (offset >= text.size())
    return final ? std::optional(take(Token::Kind::End, text, offset)) : std::nullopt;
  char c = text[offset];
  if (std::string_view("()[]{},:=").find(c) != std::string_view::npos)
    return take(Token::Kind::Punctuation, text, offset + 1);
  if (c == '"' || c == '\'')
    return lexString(text, final);
  if (c == '$')
    return lexReference(text, final);
  if (isDigit(c) || c == '-' || c == '+' || c == '.')
    return lexNumber(text, final);
  if (isWordStart(c))
    return lexWord(text, final);
  return fail(text, offset + 1, "this character has no meaning here");
}

std::optional<Token> Lexer::lexString(std::string_view text, bool final) {
  char quote = text[offset];
  std::string_view rest = text.substr(offset, 3);
  bool mayBeLong = rest.size() < 3 && std::all_of(rest.begin(), rest.end(),
                                                  [&](char c) { return c == quote; });
  if (mayBeLong && !final)
    return std::nullopt;
  size_t quotes = rest == std::string(3, quote) ? 3 : 1;
  size_t at = std::max(scanned, offset + quotes);
  for (; at < text.size(); ++at) {
    if (text[at] == '\\') {
      if (at + 1 == text.size())
        break;
      ++at;
    } else if (text[at] == quote) {
      std::string_view closing = text.substr(at, quotes);
      if (closing == std::string(quotes, quote))
        return take(Token::Kind::String, text, at + quotes);
      if (at + quotes > text.size() && !final)
        break; // the rest of the closing quotes may still come
    }
  }
  scanned = at;
  if (!final)
    return std::nullopt;
  Token token = fail(text, text.size(), "the string that begins here is never closed");
  token.range.end = token.range.begin + quotes;
  return token;
}

std::optional<Token> Lexer::lexNumber(std::string_view text, bool final) {
  size_t end = endOfRun(text, offset, [&](size_t i) {
    bool isSign = text[i] == '-' || text[i] == '+';
    return isSign ? i == offset || (text[i - 1] | 0x20) == 'e' : isWordByte(text[i]);
  });
  if (end == text.size() && !final)
    return std::nullopt;
  Token token = take(Token::Kind::Number, text, end);
  std::optional<Json> number = parseNumber(token.text, token.message);
  if (number)
    token.number = std::move(*number);
  else if (token.message.empty())
    token.message = "this is no number that a double holds; text is quoted";
  if (!number)
    token.kind = Token::Kind::Error;
  return token;
}

std::optional<Token> Lexer::lexWord(std::string_view text, bool final) {
  size_t end = endOfRun(text, offset, [&](size_t i) { return isWordByte(text[i]); });
  if (end == text.size() && !final)
    return std::nullopt;
  if (end - offset > maxTokenLength)
    return fail(text, end, "this word is too long");
  return take(Token::Kind::Word, text, end);
}

std::optional<Token> Lexer::lexReference(std::string_view text, bool final) {
  ScannedReference scanned = scanReference(text.substr(offset), final);
  switch (scanned.state) {
  case ScannedReference::State::Undecided:
    return std::nullopt;
  case ScannedReference::State::None:
    return fail(text, offset + 1, "a reference is $N or ${N}, with the number of a call");
  case ScannedReference::State::Malformed:
    return fail(text, offset + std::max<size_t>(scanned.length, 1), scanned.message);
  case ScannedReference::State::Complete:
    break;
  }
  Token token = take(Token::Kind::Reference, text, offset + scanned.length);
  token.reference = std::move(scanned.reference);
  token.reference.where = token.range;
  return token;
}

} // namespace heddle
