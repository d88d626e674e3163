// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/plan/ToolCatalog.h"

#include <algorithm>
#include <cctype>
#include <numeric>

#include "absl/strings/str_cat.h"

namespace heddle {
namespace {

// Names are short; what is longer is no misspelling of one.
constexpr size_t maxNameLength = 128;

std::string simplified(std::string_view name) {
  std::string text;
  for (unsigned char c : name)
    text += c == '-' || c == '.' || c == '/' ? '_' : static_cast<char>(std::tolower(c));
  return text;
}

// Insertions, deletions, replacements, and swaps of neighbours.
size_t editDistance(const std::string &a, const std::string &b) {
  std::vector<size_t> before, last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = std::move(last);
    last = row;
  }
  return last[b.size()];
}

} // namespace

std::string nearestName(std::string_view wrong, const std::vector<std::string> &names) {
  if (wrong.size() > maxNameLength)
    return {};
  std::string given = simplified(wrong);
  std::string best;
  size_t bestDistance = std::max<size_t>(1, given.size() / 3) + 1;
  for (const std::string &name : names) {
    if (name.size() > maxNameLength)
      continue;
    std::string other = simplified(name);
    size_t distance = editDistance(given, other);
    // "files.read" is near to "read", which a server's name was left off.
    bool isTail =
        given.size() >= 3 && other.size() > given.size() &&
        other.compare(other.size() - given.size() - 1, std::string::npos, "_" + given) == 0;
    if (isTail)
      distance = std::min<size_t>(distance, 1);
    if (distance < bestDistance) {
      bestDistance = distance;
      best = name;
    }
  }
  return best;
}

std::string didYouMean(std::string_view wrong, const std::vector<std::string> &names) {
  std::string name = nearestName(wrong, names);
  return name.empty() ? name : absl::StrCat("; did you mean '", name, "'?");
}

} // namespace heddle
