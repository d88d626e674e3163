// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A plan's text with its name, which may grow while a language model writes it, and where a byte of
// it stands: line and column, both from 1, columns in characters.

#ifndef HEDDLE_FRONTENDS_PLAN_SOURCETEXT_H
#define HEDDLE_FRONTENDS_PLAN_SOURCETEXT_H

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

class SourceText {
public:
  explicit SourceText(std::string name, std::string_view text = {});

  void append(std::string_view more);

  const std::string &name() const { return fileName; }
  std::string_view text() const { return bytes; }

  struct Place {
    size_t line = 1;
    size_t column = 1;
  };
  Place place(size_t offset) const;

  /// The line that `offset` is on, without its end, and where it begins.
  std::string_view lineAt(size_t offset, size_t &begin) const;

private:
  size_t lineIndex(size_t offset) const;

  std::string fileName;
  std::string bytes;
  std::vector<size_t> lineBegins{0};
};

} // namespace heddle

#endif // HEDDLE_FRONTENDS_PLAN_SOURCETEXT_H
