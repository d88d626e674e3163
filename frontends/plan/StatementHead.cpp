// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/plan/StatementHead.h"

#include "frontends/plan/ReferenceText.h"

#include <algorithm>
#include <cctype>

namespace heddle {
namespace {

// A head that is longer is none; so reading it again for every byte that arrives stays cheap.
constexpr size_t maxHeadLength = 512;

class HeadMatcher {
public:
  HeadMatcher(std::string_view whole, uint32_t at, bool final, StatementHead &head)
      : text(whole.substr(0, std::min(whole.size(), at + maxHeadLength))), at(at), head(head),
        mayGrow(!final && text.size() == whole.size()) {}

  HeadMatch match(bool inProse) {
    head = {};
    skipBullet();
    skipEmphasis();
    head.begin = at;
    bool isNumbered = scanNumber();
    uint32_t behindNumber = at;
    if (isNumbered)
      skipEmphasis();
    if (!isNumbered && at > head.begin && !inProse)
      return HeadMatch::NoCall; // no such number
    if (atEnd())
      return undecided();
    if (!isNumbered && inProse)
      return HeadMatch::No;
    // A number without a separator counts where a call follows, and is prose elsewhere.
    bool separated = isNumbered && std::string_view(".):").find(peek()) != std::string_view::npos;
    HeadMatch otherwise = HeadMatch::No;
    if (separated) {
      ++at;
      skipEmphasis();
      if (atEnd())
        return undecided();
      nameMayBeginWithDigit = isBlank(peek());
      if (nameMayBeginWithDigit)
        otherwise = HeadMatch::NoCall;
    } else if (isNumbered && (inProse || at > behindNumber || !isBlankBefore())) {
      return HeadMatch::No;
    }
    if (isNumbered) {
      skipBlanks();
      HeadMatch after = scanAfter();
      if (after != HeadMatch::Yes)
        return after == HeadMatch::Undecided ? after : otherwise;
      skipBlanks();
      skipEmphasis();
      if (!atEnd() && peek() == '`')
        ++at;
    }
    return scanName(isNumbered && !inProse, otherwise);
  }

private:
  bool atEnd() const { return at >= text.size(); }
  char peek() const { return text[at]; }
  HeadMatch undecided() const { return mayGrow ? HeadMatch::Undecided : HeadMatch::No; }
  static bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

  void skipBlanks() {
    while (!atEnd() && (peek() == ' ' || peek() == '\t'))
      ++at;
  }

  void skipBullet() {
    if (at + 1 < text.size() && (peek() == '-' || peek() == '*') && text[at + 1] == ' ')
      ++at;
    skipBlanks();
  }

  /// Markdown's "**1.** search(", "**1. search(...)**" and "1. **search(...)**".
  void skipEmphasis() {
    uint32_t begin = at;
    while (!atEnd() && peek() == '*')
      ++at;
    head.isEmphasized ^= at > begin;
  }

  bool scanNumber() {
    size_t length = 0;
    CallId id = scanId(text.substr(std::min<size_t>(at, text.size())), length);
    if (id >= 0)
      head.id = id;
    head.idRange = {at, static_cast<uint32_t>(at + length)};
    at += length;
    numberEnd = at;
    skipBlanks();
    return id >= 0;
  }

  bool isBlankBefore() const { return at > numberEnd; }

  /// "after 1, $2:" where there is one.
  HeadMatch scanAfter() {
    constexpr std::string_view word = "after";
    std::string_view rest = text.substr(std::min<size_t>(at, text.size()));
    if (rest.substr(0, word.size()) != word.substr(0, rest.size()))
      return HeadMatch::Yes;
    if (rest.size() <= word.size())
      return undecided();
    if (rest[word.size()] != ' ')
      return HeadMatch::Yes;
    at += word.size();
    while (true) {
      skipBlanks();
      if (!atEnd() && peek() == '$')
        ++at;
      size_t length = 0;
      CallId id = scanId(text.substr(std::min<size_t>(at, text.size())), length);
      SourceRange range{at, static_cast<uint32_t>(at + length)};
      at += length;
      skipBlanks();
      if (atEnd())
        return undecided();
      if (id < 0)
        return HeadMatch::No;
      head.after.push_back({id, range});
      if (peek() == ':') {
        ++at;
        return HeadMatch::Yes;
      }
      if (peek() != ',')
        return HeadMatch::No;
      ++at;
    }
  }

  HeadMatch scanName(bool mayStandApart, HeadMatch otherwise) {
    uint32_t begin = at;
    while (!atEnd() && isToolNameByte(peek()))
      ++at;
    if (begin < text.size())
      head.tool = std::string(text.substr(begin, at - begin));
    head.toolRange = {begin, at};
    if (mayStandApart || head.tool == "join")
      skipBlanks();
    if (atEnd() && mayGrow)
      return HeadMatch::Undecided;
    if (isName(head.tool) && !atEnd() && peek() == '(' &&
        (mayStandApart || at == head.toolRange.end)) {
      head.end = ++at;
      return HeadMatch::Yes;
    }
    if (head.tool == "join" && (atEnd() || std::string_view("\n\r<`#").find(peek()) !=
                                               std::string_view::npos)) {
      head.hasParenthesis = false;
      head.end = head.toolRange.end;
      return HeadMatch::Yes;
    }
    return otherwise;
  }

  /// "3.5 (" is a number and no call of a tool '5'.
  bool isName(std::string_view name) const {
    auto isLetter = [](unsigned char c) { return std::isalpha(c) || c == '_'; };
    return !name.empty() && (isLetter(name[0]) || (nameMayBeginWithDigit &&
                                                   std::any_of(name.begin(), name.end(), isLetter)));
  }

  std::string_view text;
  uint32_t at;
  StatementHead &head;
  bool mayGrow;
  uint32_t numberEnd = 0;
  bool nameMayBeginWithDigit = false;
};

} // namespace

bool isToolNameByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.' ||
         c == '/';
}

HeadMatch matchHead(std::string_view text, uint32_t at, bool final, bool inProse,
                    StatementHead &head) {
  return HeadMatcher(text, at, final, head).match(inProse);
}

} // namespace heddle
