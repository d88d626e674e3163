// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/plan/StatementHead.h"

#include "frontends/plan/ReferenceText.h"

#include <algorithm>
#include <cctype>

namespace heddle {
namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isTabOrSpace(char c) { return c == ' ' || c == '\t'; }

class HeadMatcher {
public:
  HeadMatcher(Lookahead &look, uint32_t at, StatementHead &head) : look(look), at(at), head(head) {
    look.narrow(at + maxHeadLength);
  }

  HeadMatch match(bool inProse) {
    head = {};
    skipBullet();
    skipEmphasis();
    head.begin = at;
    bool isNumbered = scanNumber();
    uint32_t behindNumber = at;
    if (isNumbered)
      skipEmphasis();
    if (!isNumbered && head.idRange.end > head.idRange.begin && !inProse)
      return HeadMatch::NoCall; // no such number
    if (!isNumbered && inProse)
      return HeadMatch::No;
    // A number without a separator counts where a call follows, and is prose elsewhere.
    bool separated = isNumbered && look.isOneOf(at, ".):");
    HeadMatch otherwise = HeadMatch::No;
    if (separated) {
      ++at;
      skipEmphasis();
      nameMayBeginWithDigit = look.isOneOf(at, " \t\r\n");
      if (nameMayBeginWithDigit)
        otherwise = HeadMatch::NoCall;
    } else if (isNumbered && (inProse || at > behindNumber || !isBlankBefore())) {
      return HeadMatch::No;
    }
    if (isNumbered) {
      skipBlanks();
      if (!scanAfter())
        return otherwise;
      skipBlanks();
      skipEmphasis();
      if (look.is(at, '`'))
        ++at;
    }
    return scanName(isNumbered && !inProse) ? HeadMatch::Yes : otherwise;
  }

private:
  void skipBlanks() { at = look.endOf(at, isTabOrSpace); }

  void skipBullet() {
    if (look.isOneOf(at, "-*") && look.is(at + 1, ' '))
      ++at;
    skipBlanks();
  }

  /// Markdown's "**1.** search(", "**1. search(...)**" and "1. **search(...)**".
  void skipEmphasis() {
    uint32_t begin = at;
    at = look.endOf(at, [](char c) { return c == '*'; });
    head.isEmphasized ^= at > begin;
  }

  /// -1 where there is none.
  CallId scanDigits(SourceRange &where) {
    where = {at, static_cast<uint32_t>(look.endOf(at, isDigit))};
    at = where.end;
    size_t length = 0;
    return scanId(look.slice(where.begin, where.end), length);
  }

  bool scanNumber() {
    CallId id = scanDigits(head.idRange);
    if (id >= 0)
      head.id = id;
    skipBlanks();
    return id >= 0;
  }

  bool isBlankBefore() const { return at > head.idRange.end; }

  /// "after 1, $2:" where there is one; false where it cannot be read.
  bool scanAfter() {
    constexpr std::string_view word = "after ";
    if (!look.startsWith(at, word))
      return true;
    at += word.size();
    while (true) {
      skipBlanks();
      if (look.is(at, '$'))
        ++at;
      SourceRange range;
      CallId id = scanDigits(range);
      skipBlanks();
      if (id < 0)
        return false;
      head.after.push_back({id, range});
      bool isLast = look.is(at, ':');
      if (!isLast && !look.is(at, ','))
        return false;
      ++at;
      if (isLast)
        return true;
    }
  }

  bool scanName(bool mayStandApart) {
    head.toolRange = {at, static_cast<uint32_t>(look.endOf(at, isToolNameByte))};
    at = head.toolRange.end;
    head.tool = std::string(look.slice(head.toolRange.begin, at));
    if (mayStandApart || head.tool == "join")
      skipBlanks();
    if (isName(head.tool) && look.is(at, '(') && (mayStandApart || at == head.toolRange.end)) {
      head.end = ++at;
      return true;
    }
    if (head.tool == "join" && (!look.has(at) || look.isOneOf(at, "\n\r<`#"))) {
      head.hasParenthesis = false;
      head.end = head.toolRange.end;
      return true;
    }
    return false;
  }

  /// "3.5 (" is a number and no call of a tool '5'.
  bool isName(std::string_view name) const {
    auto isLetter = [](unsigned char c) { return std::isalpha(c) || c == '_'; };
    return !name.empty() &&
           (isLetter(name[0]) ||
            (nameMayBeginWithDigit && std::any_of(name.begin(), name.end(), isLetter)));
  }

  Lookahead &look;
  uint32_t at;
  StatementHead &head;
  bool nameMayBeginWithDigit = false;
};

} // namespace

bool isToolNameByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.' ||
         c == '/';
}

HeadMatch matchHead(Lookahead &look, uint32_t at, bool inProse, StatementHead &head) {
  return HeadMatcher(look, at, head).match(inProse);
}

} // namespace heddle
