// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <string_view>

#include "runtime/library/functions.h"

namespace heddle {
namespace {

struct Entry {
  std::string_view name;
  LibraryFunction function;
};

// Sorted by name; the assertion below says so.
constexpr Entry kTable[] = {
#define HEDDLE_FUNCTION(function, name) {name, library::function},
#include "runtime/library/functions.inc"
#undef HEDDLE_FUNCTION
};

constexpr bool Before(const Entry& a, const Entry& b) { return a.name < b.name; }
static_assert(std::is_sorted(std::begin(kTable), std::end(kTable), Before));

}  // namespace

LibraryFunction FindLibraryFunction(std::string_view name) {
  const Entry* entry =
      std::lower_bound(std::begin(kTable), std::end(kTable), Entry{name, nullptr}, Before);
  return entry != std::end(kTable) && entry->name == name ? entry->function : nullptr;
}

}  // namespace heddle
