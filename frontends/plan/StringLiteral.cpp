// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/plan/StringLiteral.h"

#include "frontends/plan/Utf8.h"

#include <algorithm>

namespace heddle {
namespace {

int hexDigit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// One pass from left to right over what is between the quotes.
class StringDecoder {
public:
  StringDecoder(std::string_view body, uint32_t begin, EscapedDollars dollars)
      : body(body), begin(begin), dollars(dollars) {}

  StringValue decode() {
    anchor();
    while (at < body.size()) {
      if (body[at] == '\\' && at + 1 < body.size()) {
        escape();
        anchor();
      } else if (size_t length = utf8Length(body, at)) {
        value.text.append(body.substr(at, length));
        at += length;
      } else {
        value.text += replacementCharacter;
        ++at;
        anchor();
      }
    }
    return std::move(value);
  }

private:
  void anchor() {
    value.anchors.push_back(
        {static_cast<uint32_t>(value.text.size()), static_cast<uint32_t>(begin + at)});
  }

  void escape() {
    char c = body[at + 1];
    at += 2;
    switch (c) {
    case 'n':
      value.text += '\n';
      return;
    case 't':
      value.text += '\t';
      return;
    case 'r':
      value.text += '\r';
      return;
    case 'b':
      value.text += '\b';
      return;
    case 'f':
      value.text += '\f';
      return;
    case '\n': // the line goes on
      return;
    case '$':
      if (dollars == EscapedDollars::Keep)
        value.text += '\\';
      value.literalDollars.push_back(value.text.size());
      value.text += c;
      return;
    case '\\':
    case '"':
    case '\'':
    case '/':
      value.text += c;
      return;
    case 'u':
      return unicode(4);
    case 'U':
      return unicode(8);
    case 'x':
      return unicode(2);
    default:
      value.text += '\\';
      --at; // the character itself may be of several bytes
    }
  }

  /// The digits at `at`, or -1.
  int64_t digits(int count) {
    int64_t number = 0;
    for (int i = 0; i < count; ++i) {
      int digit = at + i < body.size() ? hexDigit(body[at + i]) : -1;
      if (digit < 0)
        return -1;
      number = number * 16 + digit;
    }
    return number;
  }

  void unicode(int count) {
    int64_t codePoint = digits(count);
    if (codePoint < 0) {
      value.text += {'\\', body[at - 1]};
      return;
    }
    at += count;
    // JSON writes characters above U+FFFF as a pair of surrogates.
    bool isHigh = codePoint >= 0xD800 && codePoint < 0xDC00;
    if (count == 4 && isHigh && body.substr(at, 2) == "\\u") {
      at += 2;
      int64_t low = digits(4);
      if (low >= 0xDC00 && low < 0xE000) {
        codePoint = 0x10000 + ((codePoint - 0xD800) << 10) + (low - 0xDC00);
        at += 4;
      } else {
        at -= 2;
      }
    }
    appendUtf8(value.text, static_cast<uint32_t>(codePoint));
  }

  std::string_view body;
  uint32_t begin;
  EscapedDollars dollars;
  size_t at = 0;
  StringValue value;
};

} // namespace

uint32_t StringValue::sourceOffset(uint32_t offset) const {
  auto after = std::upper_bound(anchors.begin(), anchors.end(), offset,
                                [](uint32_t at, const auto &anchor) { return at < anchor.first; });
  if (after == anchors.begin())
    return 0;
  --after;
  return after->second + (offset - after->first);
}

StringValue decodeString(std::string_view quoted, uint32_t begin, EscapedDollars dollars) {
  bool isLong = quoted.size() >= 6 && quoted[1] == quoted[0] && quoted[2] == quoted[0];
  size_t quotes = isLong ? 3 : 1;
  std::string_view body = quoted.substr(quotes, quoted.size() - 2 * quotes);
  return StringDecoder(body, begin + quotes, dollars).decode();
}

StringValue decodeJsonString(std::string value, uint32_t begin) {
  StringValue result;
  result.anchors.push_back({0, begin});
  for (size_t i = 0; i < value.size();) {
    size_t dollar = value.find_first_not_of('\\', i);
    if (value[i] != '\\' || dollar == std::string::npos || value[dollar] != '$') {
      size_t end = value[i] == '\\' ? std::min(dollar, value.size()) : i + 1;
      result.text.append(value, i, end - i);
      i = end;
      continue;
    }
    size_t backslashes = dollar - i;
    result.text.append(backslashes / 2, '\\');
    if (backslashes % 2 == 1)
      result.literalDollars.push_back(result.text.size());
    result.text += '$';
    i = dollar + 1;
  }
  return result;
}

} // namespace heddle
