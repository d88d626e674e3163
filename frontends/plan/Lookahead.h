// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A text that may still grow, for whoever must decide something about it: what is read does not
// depend on how the text was cut into pieces because of this class.
//
// A decision looks through it alone and changes nothing. Had it asked for a byte that has not
// arrived, it is undecided, whatever it came to: it is dropped, and made again when there is more.
// So every decision that counts would be the same with any text behind what it looked at.

#ifndef HEDDLE_FRONTENDS_PLAN_LOOKAHEAD_H
#define HEDDLE_FRONTENDS_PLAN_LOOKAHEAD_H

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace heddle {

class Lookahead {
public:
  /// `final`: nothing follows `text`.
  Lookahead(std::string_view text, bool final) : text(text), mayGrow(!final) {}

  bool isUndecided() const { return ranOut; }

  /// From here on the text ends at `limit` where it is longer. What is undecided is looked at again
  /// for each piece that arrives: this keeps it cheap.
  void narrow(size_t limit) {
    mayGrow &= text.size() < limit;
    text = text.substr(0, limit);
  }

  bool has(size_t at) {
    ranOut |= at >= text.size() && mayGrow;
    return at < text.size();
  }
  bool is(size_t at, char c) { return has(at) && text[at] == c; }
  bool isOneOf(size_t at, std::string_view set) {
    return has(at) && set.find(text[at]) != std::string_view::npos;
  }

  /// Looks no further than the first byte that differs.
  bool startsWith(size_t at, std::string_view word) {
    for (size_t i = 0; i < word.size(); ++i)
      if (!is(at + i, word[i]))
        return false;
    return true;
  }

  /// Behind the last of the bytes from `at` on for which `isMember` holds, `most` at most.
  template <typename Predicate>
  size_t endOf(size_t at, Predicate isMember, size_t most = std::string_view::npos) {
    size_t count = 0;
    while (count < most && has(at + count) && isMember(text[at + count]))
      ++count;
    return at + count;
  }

  /// Of what was seen.
  char operator[](size_t at) const { return text[at]; }
  std::string_view slice(size_t begin, size_t end) const {
    return begin < text.size() ? text.substr(begin, end - begin) : std::string_view();
  }

private:
  std::string_view text;
  bool mayGrow;
  bool ranOut = false;
};

} // namespace heddle

#endif // HEDDLE_FRONTENDS_PLAN_LOOKAHEAD_H
