// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether views of one value share no bytes, whatever the sizes are that its dimensions stand for:
// parts that follow one another, as in a concatenation that is made in place, do not.
//
//   ViewPlaces places(graph);
//   places.Apart(left, right);
//
// For compilers and tests: takes time and memory that loading has no use for.
//
// Thread-safety: immutable. Refers to the graph it was made from.

#ifndef HEDDLE_RUNTIME_ARTIFACT_VIEW_PLACES_H_
#define HEDDLE_RUNTIME_ARTIFACT_VIEW_PLACES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "runtime/artifact/program.h"

namespace heddle {

class ViewPlaces {
 public:
  explicit ViewPlaces(const ProgramGraph& graph);

  // True only where it is known. The values have one root.
  bool Apart(uint32_t a, uint32_t b) const;

 private:
  // A polynomial: coefficients by products of expressions that are neither sums nor products.
  using Sum = std::map<std::vector<uint32_t>, int64_t>;
  // From where to where in what it views, in bytes; nothing where that is too long to tell.
  struct Place {
    std::optional<Sum> begin, end;
  };

  static std::optional<Sum> Add(const Sum& a, const Sum& b, int64_t factor = 1);
  static std::optional<Sum> Multiply(const Sum& a, const Sum& b);
  Sum SumOf(const program::Expr& expr, uint32_t index) const;
  Place PlaceOf(const ProgramValue& value) const;
  bool Precedes(uint32_t first, uint32_t second) const;

  const ProgramGraph& graph_;
  std::vector<Sum> sums_;                     // by expression
  std::vector<Place> places_;                 // by value, of views
  std::vector<std::vector<uint32_t>> views_;  // by value: views of it
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_ARTIFACT_VIEW_PLACES_H_
