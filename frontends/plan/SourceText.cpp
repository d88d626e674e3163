// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/plan/SourceText.h"

#include <algorithm>

namespace heddle {

SourceText::SourceText(std::string name, std::string_view text) : fileName(std::move(name)) {
  append(text);
}

void SourceText::append(std::string_view more) {
  for (size_t i = 0; i < more.size(); ++i)
    if (more[i] == '\n')
      lineBegins.push_back(bytes.size() + i + 1);
  bytes.append(more);
}

size_t SourceText::lineIndex(size_t offset) const {
  auto after = std::upper_bound(lineBegins.begin(), lineBegins.end(), offset);
  return after - lineBegins.begin() - 1;
}

SourceText::Place SourceText::place(size_t offset) const {
  offset = std::min(offset, bytes.size());
  size_t line = lineIndex(offset);
  // Bytes that continue a character of UTF-8 do not count.
  auto startsCharacter = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  size_t column =
      std::count_if(bytes.begin() + lineBegins[line], bytes.begin() + offset, startsCharacter);
  return {line + 1, column + 1};
}

std::string_view SourceText::lineAt(size_t offset, size_t &begin) const {
  begin = lineBegins[lineIndex(std::min(offset, bytes.size()))];
  std::string_view rest = text().substr(begin);
  std::string_view line = rest.substr(0, rest.find('\n'));
  return line.empty() || line.back() != '\r' ? line : line.substr(0, line.size() - 1);
}

} // namespace heddle
