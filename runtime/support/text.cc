// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/support/text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace heddle {

std::string ShapeText(absl::Span<const int64_t> dims) {
  return absl::StrCat("[", absl::StrJoin(dims, ","), "]");
}

std::string Quoted(std::string_view text) {
  constexpr size_t kLongest = 200;
  std::string quoted = "\"";
  for (char c : text.substr(0, kLongest)) {
    quoted += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  quoted += text.size() > kLongest ? "...\"" : "\"";
  return quoted;
}

}  // namespace heddle
