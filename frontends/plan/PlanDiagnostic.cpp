// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/plan/PlanDiagnostic.h"

#include "frontends/plan/Utf8.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace heddle {
namespace {

// Of a long line, the characters around the place are shown.
constexpr size_t shownBefore = 60;
constexpr size_t shownCharacters = 100;

// The line and the caret below it. Every character takes one column here: tabs and control
// characters are shown as a space, so that the caret stands where it should.
struct Excerpt {
  std::string line;
  std::string marks;
};

Excerpt excerptOf(std::string_view line, size_t begin, size_t end) {
  struct Character {
    size_t offset;
    std::string text;
  };
  std::vector<Character> characters;
  size_t caret = 0;
  for (size_t i = 0; i < line.size();) {
    size_t length = utf8Length(line, i);
    if (i < begin)
      caret = characters.size() + 1;
    if (length == 0)
      characters.push_back({i++, std::string(replacementCharacter)});
    else {
      bool control = static_cast<unsigned char>(line[i]) < 0x20 || line[i] == 0x7F;
      characters.push_back({i, control ? " " : std::string(line.substr(i, length))});
      i += length;
    }
    // What is far behind the caret is not shown anyway.
    if (i > begin && characters.size() > caret + shownCharacters)
      break;
  }
  size_t first = caret > shownBefore ? caret - shownBefore : 0;
  size_t last = std::min(characters.size(), first + shownCharacters);

  Excerpt excerpt;
  if (first > 0)
    excerpt = {"...", "   "};
  for (size_t i = first; i < last; ++i) {
    excerpt.line += characters[i].text;
    if (i < caret)
      excerpt.marks += ' ';
    else if (i > caret && characters[i].offset < end)
      excerpt.marks += '~';
    else if (i == caret)
      excerpt.marks += '^';
  }
  if (caret >= last)
    excerpt.marks += '^';
  if (last < characters.size())
    excerpt.line += "...";
  return excerpt;
}

} // namespace

std::string_view toText(PlanDiagnostic::Severity severity) {
  return severity == PlanDiagnostic::Severity::Error ? "error" : "warning";
}

std::string render(const PlanDiagnostic &diagnostic, const SourceText &source) {
  SourceText::Place place = source.place(diagnostic.range.begin);
  std::string text =
      absl::StrCat(source.name(), ":", place.line, ":", place.column, ": ",
                   std::string(toText(diagnostic.severity)), ": ", diagnostic.message, "\n");
  size_t begin = 0;
  std::string_view line = source.lineAt(diagnostic.range.begin, begin);
  if (line.empty())
    return text;
  Excerpt excerpt =
      excerptOf(line, diagnostic.range.begin - begin,
                std::max<size_t>(diagnostic.range.end, diagnostic.range.begin) - begin);
  absl::StrAppend(&text, "  ", excerpt.line, "\n  ", excerpt.marks, "\n");
  return text;
}

} // namespace heddle
