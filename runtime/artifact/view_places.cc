// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/artifact/view_places.h"

#include <algorithm>
#include <unordered_set>

#include "runtime/support/checked_math.h"

namespace heddle {
namespace {

using program::ExprKind;
using program::Storage;

constexpr size_t kMostTerms = 64;

}  // namespace

std::optional<ViewPlaces::Sum> ViewPlaces::Add(const Sum& a, const Sum& b, int64_t factor) {
  Sum sum = a;
  for (const auto& [product, coefficient] : b) {
    std::optional<int64_t> term = CheckedMul(coefficient, factor);
    int64_t& total = sum[product];
    std::optional<int64_t> added = term ? CheckedAdd(total, *term) : std::nullopt;
    if (!added) return std::nullopt;
    total = *added;
    if (total == 0) sum.erase(product);
  }
  return sum.size() <= kMostTerms ? std::optional(sum) : std::nullopt;
}

std::optional<ViewPlaces::Sum> ViewPlaces::Multiply(const Sum& a, const Sum& b) {
  std::optional<Sum> result = Sum();
  for (const auto& [product, coefficient] : a) {
    for (const auto& [other, factor] : b) {
      std::vector<uint32_t> both = product;
      both.insert(both.end(), other.begin(), other.end());
      std::sort(both.begin(), both.end());
      result = Add(*result, {{both, coefficient}}, factor);
      if (!result) return std::nullopt;
    }
  }
  return result;
}

ViewPlaces::Sum ViewPlaces::SumOf(const program::Expr& e, uint32_t index) const {
  std::optional<Sum> sum;
  if (e.kind() == ExprKind::kConstant) sum = e.lhs() == 0 ? Sum() : Sum{{{}, e.lhs()}};
  if (e.kind() == ExprKind::kAdd) sum = Add(sums_[e.lhs()], sums_[e.rhs()]);
  if (e.kind() == ExprKind::kMul) sum = Multiply(sums_[e.lhs()], sums_[e.rhs()]);
  return sum ? *std::move(sum) : Sum{{{index}, 1}};
}

ViewPlaces::Place ViewPlaces::PlaceOf(const ProgramValue& value) const {
  Place place;
  place.begin = value.view_offset == kNoExpression ? Sum() : sums_[value.view_offset];
  std::optional<Sum> bytes = Sum{{{}, ElementBits(value.element_type)}};
  for (uint32_t dim : value.dims) {
    if (bytes) bytes = Multiply(*bytes, sums_[dim]);
  }
  for (auto& [product, bits] : bytes ? *bytes : Sum()) {
    if (bits % 8 != 0) return place;
  }
  if (!bytes) return place;
  for (auto& [product, bits] : *bytes) bits /= 8;
  place.end = Add(*place.begin, *bytes);
  return place;
}

ViewPlaces::ViewPlaces(const ProgramGraph& graph) : graph_(graph) {
  for (uint32_t i = 0; i < graph.exprs.size(); ++i) sums_.push_back(SumOf(graph.exprs[i], i));
  views_.resize(graph.values.size());
  for (uint32_t v = 0; v < graph.values.size(); ++v) {
    bool is_view = graph.values[v].storage == Storage::kView;
    places_.push_back(is_view ? PlaceOf(graph.values[v]) : Place());
    if (is_view) views_[graph.values[v].view_of].push_back(v);
  }
}

// Whether what is between the two, views of one value, is none or views one after the other.
bool ViewPlaces::Precedes(uint32_t first, uint32_t second) const {
  std::vector<uint32_t> reached = {first};
  std::unordered_set<uint32_t> seen = {first};
  while (!reached.empty()) {
    const std::optional<Sum>& end = places_[reached.back()].end;
    reached.pop_back();
    if (!end) continue;
    if (std::optional<Sum> gap = Add(*places_[second].begin, *end, -1)) {
      bool is_number = gap->empty() || (gap->size() == 1 && gap->begin()->first.empty());
      if (is_number && (gap->empty() || gap->begin()->second >= 0)) return true;
    }
    for (uint32_t next : views_[graph_.values[first].view_of]) {
      if (places_[next].begin == end && seen.insert(next).second) reached.push_back(next);
    }
  }
  return false;
}

bool ViewPlaces::Apart(uint32_t a, uint32_t b) const {
  auto is_view = [this](uint32_t v) { return graph_.values[v].storage == Storage::kView; };
  // Values before what they view, up to the root.
  std::vector<uint32_t> above = {a};
  while (is_view(above.back())) above.push_back(graph_.values[above.back()].view_of);
  for (uint32_t at = b; is_view(at); at = graph_.values[at].view_of) {
    auto common = std::find(above.begin(), above.end(), graph_.values[at].view_of);
    if (common == above.end()) continue;
    if (common == above.begin() || *(common - 1) == at) return false;
    return Precedes(at, *(common - 1)) || Precedes(*(common - 1), at);
  }
  return false;
}

}  // namespace heddle
