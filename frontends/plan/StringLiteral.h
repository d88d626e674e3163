// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A quoted string as its value. Which dollars may begin references is kept beside it, because the
// value no longer shows what was escaped.

#ifndef HEDDLE_FRONTENDS_PLAN_STRINGLITERAL_H
#define HEDDLE_FRONTENDS_PLAN_STRINGLITERAL_H

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle {

struct StringValue {
  std::string text;
  std::vector<uint32_t> literalDollars; // offsets in text of dollars that were escaped
  /// Where source and text run in step from: (offset in text, offset in the source).
  std::vector<std::pair<uint32_t, uint32_t>> anchors;

  uint32_t sourceOffset(uint32_t offset) const;
};

/// Keep: "\\$" stays two characters, for decodeJsonString to see.
enum class EscapedDollars { Mark, Keep };

/// `quoted` is a whole literal with its quotes (", ', or three of either) that stands at `begin` of
/// the source. Escapes are those of JSON and Python; as in Python, an unknown one stays as it is.
/// What is not UTF-8 is replaced.
StringValue decodeString(std::string_view quoted, uint32_t begin,
                         EscapedDollars dollars = EscapedDollars::Mark);

/// The same for strings of JSON plans, where "\\$" is what escapes a dollar: JSON itself has made
/// the two backslashes one. In front of a dollar, two of the value's backslashes are one.
StringValue decodeJsonString(std::string value, uint32_t begin);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_PLAN_STRINGLITERAL_H
