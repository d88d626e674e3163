// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/plan/ReferenceText.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/str_cat.h"

namespace heddle {
namespace {

// More of them in one value say nothing new.
constexpr size_t maxErrors = 16;

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isNameStart(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool isNameByte(char c) { return isNameStart(c) || isDigit(c) || c == '-'; }

using State = ScannedReference::State;

class ReferenceScanner {
public:
  ReferenceScanner(Lookahead &look, size_t begin) : look(look), begin(begin), at(begin) {
    look.narrow(begin + maxReferenceLength);
  }

  ScannedReference scan() {
    result.state = scanAll();
    if (result.state == State::Malformed && result.message.empty())
      result.message = look.has(begin + maxReferenceLength - 1) ? "this reference is too long"
                                                                : "this reference does not end";
    result.length = at - begin;
    return std::move(result);
  }

private:
  State malformed(std::string message) {
    result.message = std::move(message);
    return State::Malformed;
  }

  void skipSpaces() {
    if (braced)
      at = look.endOf(at, [](char c) { return c == ' ' || c == '\t'; });
  }

  /// The digits at `from`, or -1; `end` stands behind them.
  CallId digits(size_t from, size_t &end) {
    end = look.endOf(from, isDigit);
    size_t length = 0;
    return scanId(look.slice(from, end), length);
  }

  State scanAll() {
    ++at;
    braced = look.is(at, '{');
    at += braced;
    skipSpaces();
    if (!look.has(at) || !isDigit(look[at]))
      return State::None;
    result.reference.call = digits(at, at);
    if (result.reference.call < 0)
      return malformed("no call has such a number");
    while (true) {
      skipSpaces();
      if (!look.has(at))
        return braced || isTooLong() ? State::Malformed : State::Complete;
      if (braced && look[at] == '}') {
        ++at;
        return State::Complete;
      }
      State step = look[at] == '[' ? scanIndex() : look[at] == '.' ? scanMember() : State::None;
      if (step == State::Malformed)
        return step;
      if (step == State::None)
        return braced ? malformed("a reference is ${N}, with selectors such as ${N.name[0]}; "
                                  "a dollar that is none is written \\$")
                      : State::Complete;
    }
  }

  bool isTooLong() const { return at - begin >= maxReferenceLength; }

  /// ".name" or ".0"; None where the dot is no selector.
  State scanMember() {
    size_t end = look.endOf(at + 1, isNameByte);
    std::string_view name = look.slice(at + 1, end);
    if (name.empty())
      return State::None;
    if (std::all_of(name.begin(), name.end(), isDigit)) {
      size_t length = 0;
      CallId index = scanId(name, length);
      if (index < 0)
        return malformed("this index is too large");
      result.reference.selector.push_back(index);
    } else if (isNameStart(name[0])) {
      result.reference.selector.push_back(std::string(name));
    } else {
      return malformed("a selector's name begins with a letter; others are written [\"name\"]");
    }
    at = end;
    return State::Complete;
  }

  /// "[0]", "[-1]", "[\"name\"]".
  State scanIndex() {
    size_t i = at + 1;
    if (look.isOneOf(i, "\"'")) {
      size_t end = i + 1;
      while (look.has(end) && look[end] != look[i])
        end += look[end] == '\\' ? 2 : 1;
      if (!look.has(end + 1))
        return State::Malformed;
      if (look[end + 1] != ']')
        return malformed("']' is missing behind the selector's name");
      // Adjacent quotes are an empty name here, not the start of a long string.
      result.reference.selector.push_back(decodeString(look.slice(i, end + 1), 0).text);
      at = end + 2;
      return State::Complete;
    }
    bool negative = look.is(i, '-');
    size_t end = 0;
    CallId index = digits(i + negative, end);
    if (!look.has(end))
      return State::Malformed;
    if (index < 0 || look[end] != ']')
      return malformed("a selector in brackets is a number or a quoted name");
    result.reference.selector.push_back(negative ? -index : index);
    at = end + 1;
    return State::Complete;
  }

  Lookahead &look;
  const size_t begin;
  size_t at;
  bool braced = false;
  ScannedReference result;
};

// "$N" in a string: the length of it, or 0 where it is money or no number of a call.
size_t bareLength(std::string_view text, CallId &call) {
  size_t length = 0;
  call = scanId(text.substr(1), length);
  if (call < 0 || (length > 1 && text[1] == '0'))
    return 0;
  std::string_view rest = text.substr(1 + length);
  if (rest.size() >= 2 && (rest[0] == '.' || rest[0] == ',') && isDigit(rest[1]))
    return 0;
  return 1 + length;
}

} // namespace

ScannedReference scanReference(Lookahead &look, size_t at) {
  return ReferenceScanner(look, at).scan();
}

CallId scanId(std::string_view text, size_t &length) {
  CallId id = 0;
  for (length = 0; length < text.size() && isDigit(text[length]); ++length)
    if (length < 18)
      id = id * 10 + (text[length] - '0');
  return length == 0 || length > 18 ? -1 : id;
}

Template splitReferences(const StringValue &value, SourceRange where,
                         const std::function<bool(CallId, SourceRange)> &isEarlier,
                         std::vector<PlanDiagnostic> &errors) {
  std::string_view text = value.text;
  // The places inside of JSON's strings are near ones, and must stay inside.
  auto place = [&](size_t offset) { return std::min(value.sourceOffset(offset), where.end); };
  Template::Text pieces;
  std::string literal;
  auto escaped = value.literalDollars.begin();
  size_t done = 0;
  for (size_t at = text.find('$'); at != std::string_view::npos; at = text.find('$', at)) {
    if (escaped != value.literalDollars.end() && *escaped == at) {
      ++escaped;
      ++at;
      continue;
    }
    ScannedReference scanned;
    Lookahead look(text, /*final=*/true);
    if (look.is(at + 1, '{'))
      scanned = scanReference(look, at);
    else if (size_t length = bareLength(text.substr(at), scanned.reference.call);
             length > 0 && isEarlier(scanned.reference.call, {place(at), place(at + length)}))
      scanned = {State::Complete, length, std::move(scanned.reference), {}};
    if (scanned.state == State::Malformed && errors.size() < maxErrors)
      errors.push_back(planError({place(at), where.end}, scanned.message));
    if (scanned.state != State::Complete) {
      ++at;
      continue;
    }
    literal.append(text.substr(done, at - done));
    if (!literal.empty())
      pieces.pieces.push_back(std::exchange(literal, {}));
    // A dollar that was escaped inside a quoted selector is behind us.
    done = at + scanned.length;
    while (escaped != value.literalDollars.end() && *escaped < done)
      ++escaped;
    scanned.reference.where = {place(at), place(done)};
    pieces.pieces.push_back(std::move(scanned.reference));
    at = done;
  }
  literal.append(text.substr(done));
  if (pieces.pieces.empty())
    return {Json(std::move(literal)), where};
  if (!literal.empty())
    pieces.pieces.push_back(std::move(literal));
  return {std::move(pieces), where};
}

} // namespace heddle
