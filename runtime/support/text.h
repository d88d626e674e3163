// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text for messages: shapes, and the bridge between the two string views (Debian's Abseil has one
// of its own; headers here use the standard one).

#ifndef HEDDLE_RUNTIME_SUPPORT_TEXT_H_
#define HEDDLE_RUNTIME_SUPPORT_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace heddle {

inline absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

// "[1,3,224]".
std::string ShapeText(absl::Span<const int64_t> dims);

// The text in double quotes, cut at 200 characters, control characters as '?'. For names that come
// from files nobody trusts.
std::string Quoted(std::string_view text);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_SUPPORT_TEXT_H_
