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
  ReferenceScanner(std::string_view text, bool final)
      : text(text.substr(0, maxReferenceLength)),
        atEnd(text.size() > maxReferenceLength || final ? State::Malformed : State::Undecided) {}

  ScannedReference scan() {
    result.state = scanAll();
    if (result.state == State::Malformed && result.message.empty())
      result.message = text.size() == maxReferenceLength ? "this reference is too long"
                                                         : "this reference does not end";
    result.length = at;
    return std::move(result);
  }

private:
  bool more() const { return at < text.size(); }

  State malformed(std::string message) {
    result.message = std::move(message);
    return State::Malformed;
  }

  void skipSpaces() {
    while (braced && more() && (text[at] == ' ' || text[at] == '\t'))
      ++at;
  }

  State scanAll() {
    at = 1;
    braced = more() && text[at] == '{';
    at += braced;
    skipSpaces();
    if (!more())
      return atEnd == State::Undecided ? State::Undecided : State::None;
    if (!isDigit(text[at]))
      return State::None;
    size_t length = 0;
    result.reference.call = scanId(text.substr(at), length);
    at += length;
    if (result.reference.call < 0)
      return malformed("no call has such a number");
    while (more()) {
      skipSpaces();
      if (!more())
        break;
      if (braced && text[at] == '}') {
        ++at;
        return State::Complete;
      }
      State step = text[at] == '[' ? scanIndex() : text[at] == '.' ? scanMember() : State::None;
      if (step == State::Complete)
        continue;
      if (step != State::None)
        return step;
      return braced ? malformed("a reference is ${N}, with selectors such as ${N.name[0]}; "
                                "a dollar that is none is written \\$")
                    : State::Complete;
    }
    if (atEnd == State::Undecided)
      return State::Undecided;
    return braced || text.size() == maxReferenceLength ? State::Malformed : State::Complete;
  }

  /// ".name" or ".0"; None where the dot is no selector.
  State scanMember() {
    size_t end = at + 1;
    while (end < text.size() && isNameByte(text[end]))
      ++end;
    std::string_view name = text.substr(at + 1, end - at - 1);
    if (name.empty())
      return end == text.size() && atEnd == State::Undecided ? atEnd : State::None;
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
    if (i >= text.size())
      return atEnd;
    if (text[i] == '"' || text[i] == '\'') {
      size_t end = i + 1;
      while (end < text.size() && text[end] != text[i])
        end += text[end] == '\\' ? 2 : 1;
      if (end + 1 >= text.size())
        return atEnd;
      if (text[end + 1] != ']')
        return malformed("']' is missing behind the selector's name");
      // Adjacent quotes are an empty name here, not the start of a long string.
      std::string_view quoted = text.substr(i, end + 1 - i);
      result.reference.selector.push_back(decodeString(quoted, 0).text);
      at = end + 2;
      return State::Complete;
    }
    bool negative = text[i] == '-';
    i += negative;
    size_t length = 0;
    CallId index = scanId(text.substr(std::min(i, text.size())), length);
    if (i + length >= text.size())
      return atEnd;
    if (length == 0 || index < 0 || text[i + length] != ']')
      return malformed("a selector in brackets is a number or a quoted name");
    result.reference.selector.push_back(negative ? -index : index);
    at = i + length + 1;
    return State::Complete;
  }

  std::string_view text;
  State atEnd; // what running out of text means
  size_t at = 0;
  bool braced = false;
  ScannedReference result;
};

// "$N" in a string: the length of it where it is a reference by the rule for money, else 0.
size_t bareLength(std::string_view text, const std::function<bool(CallId)> &isEarlier,
                  CallId &call) {
  size_t length = 0;
  call = scanId(text.substr(1), length);
  if (call < 0 || (length > 1 && text[1] == '0') || !isEarlier(call))
    return 0;
  std::string_view rest = text.substr(1 + length);
  if (rest.size() >= 2 && (rest[0] == '.' || rest[0] == ',') && isDigit(rest[1]))
    return 0;
  return 1 + length;
}

} // namespace

ScannedReference scanReference(std::string_view text, bool final) {
  return ReferenceScanner(text, final).scan();
}

CallId scanId(std::string_view text, size_t &length) {
  CallId id = 0;
  for (length = 0; length < text.size() && isDigit(text[length]); ++length)
    if (length < 18)
      id = id * 10 + (text[length] - '0');
  return length == 0 || length > 18 ? -1 : id;
}

Template splitReferences(const StringValue &value, SourceRange where,
                         const std::function<bool(CallId)> &isEarlier,
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
    if (at + 1 < text.size() && text[at + 1] == '{')
      scanned = scanReference(text.substr(at), /*final=*/true);
    else if (size_t length = bareLength(text.substr(at), isEarlier, scanned.reference.call))
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
