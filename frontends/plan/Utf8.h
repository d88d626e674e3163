// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// UTF-8 as plans need it: where a character ends, and how a number becomes one.

#ifndef HEDDLE_FRONTENDS_PLAN_UTF8_H
#define HEDDLE_FRONTENDS_PLAN_UTF8_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace heddle {

inline constexpr std::string_view replacementCharacter = "\xEF\xBF\xBD";

/// Bytes of the character at `at`; 0 where there is no valid one.
size_t utf8Length(std::string_view text, size_t at);

/// What is no character (a lone surrogate, or too large) becomes the replacement character.
void appendUtf8(std::string &text, uint32_t codePoint);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_PLAN_UTF8_H
