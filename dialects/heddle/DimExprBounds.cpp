// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bounds of expressions over dimensions, of which none is negative.

#include "dialects/heddle/DimExpr.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace heddle;

namespace {
struct Bounds {
  std::optional<int64_t> low, high;
};

std::optional<int64_t> add(std::optional<int64_t> lhs, std::optional<int64_t> rhs) {
  int64_t sum;
  if (!lhs || !rhs || llvm::AddOverflow(*lhs, *rhs, sum))
    return std::nullopt;
  return sum;
}

std::optional<int64_t> multiply(std::optional<int64_t> lhs, std::optional<int64_t> rhs) {
  int64_t product;
  if (!lhs || !rhs || llvm::MulOverflow(*lhs, *rhs, product))
    return std::nullopt;
  return product;
}
} // namespace

static Bounds boundsOf(const DimExpr &expr) { return {expr.lowerBound(), expr.upperBound()}; }

static Bounds boundsOfQuotient(const DimAtom &atom) {
  Bounds value = boundsOf(atom.operands()[0]), divisor = boundsOf(atom.operands()[1]), result;
  if (!divisor.low || *divisor.low < 0)
    return result;
  // A divisor is not zero. Rounding up adds less than one to the quotient.
  int64_t least = std::max<int64_t>(*divisor.low, 1);
  int64_t up = atom.kind() == DimOp::CeilDiv;
  if (value.low && *value.low >= 0)
    result.low = divisor.high ? *value.low / std::max<int64_t>(*divisor.high, 1) : 0;
  else if (value.low)
    result.low = llvm::divideFloorSigned(*value.low, least);
  if (value.high)
    result.high = add(*value.high >= 0 ? *value.high / least : 0, up);
  return result;
}

static Bounds boundsOf(const DimAtom &atom) {
  if (atom.isSymbol())
    return {0, std::nullopt};
  if (atom.kind() == DimOp::FloorDiv || atom.kind() == DimOp::CeilDiv)
    return boundsOfQuotient(atom);
  Bounds result;
  if (atom.kind() == DimOp::Mod) {
    Bounds value = boundsOf(atom.operands()[0]), divisor = boundsOf(atom.operands()[1]);
    if (!divisor.low || *divisor.low < 0)
      return result;
    result.low = 0;
    result.high = add(divisor.high, -1);
    if (value.low && *value.low >= 0 && value.high)
      result.high = result.high ? std::min(*result.high, *value.high) : *value.high;
    return result;
  }
  bool isMax = atom.kind() == DimOp::Max;
  bool first = true;
  for (const DimExpr &operand : atom.operands()) {
    Bounds one = boundsOf(operand);
    // A maximum is as great as its greatest low bound and needs all of the high ones.
    std::optional<int64_t> &any = isMax ? result.low : result.high;
    std::optional<int64_t> &all = isMax ? result.high : result.low;
    std::optional<int64_t> oneAny = isMax ? one.low : one.high;
    std::optional<int64_t> oneAll = isMax ? one.high : one.low;
    auto pick = [&](int64_t lhs, int64_t rhs) {
      return isMax ? std::max(lhs, rhs) : std::min(lhs, rhs);
    };
    if (oneAny)
      any = any ? pick(*any, *oneAny) : *oneAny;
    all = first ? oneAll : all && oneAll ? std::optional(pick(*all, *oneAll)) : std::nullopt;
    first = false;
  }
  return result;
}

static Bounds boundsOfProduct(const DimTerm &term) {
  if (term.factors.size() == 1 && term.factors.front().power == 1)
    return boundsOf(term.factors.front().atom);
  Bounds result{1, 1};
  for (const DimFactor &factor : term.factors) {
    Bounds one = boundsOf(factor.atom);
    if (!one.low || *one.low < 0)
      return {};
    for (unsigned power = 0; power < factor.power; ++power) {
      std::optional<int64_t> low = multiply(result.low, one.low);
      result.low = low ? low : result.low;
      result.high = multiply(result.high, one.high);
    }
  }
  return result;
}

static std::optional<int64_t> boundOf(const DimExpr &expr, bool low) {
  if (!expr.isKnown())
    return std::nullopt;
  if (std::optional<int64_t> constant = expr.asConstant())
    return constant;
  std::optional<int64_t> sum = 0;
  for (const DimTerm &term : expr.terms()) {
    Bounds product = boundsOfProduct(term);
    bool useLow = (term.coefficient > 0) == low;
    sum = add(sum, multiply(term.coefficient, useLow ? product.low : product.high));
  }
  return sum;
}

std::optional<int64_t> DimExpr::lowerBound() const { return boundOf(*this, true); }
std::optional<int64_t> DimExpr::upperBound() const { return boundOf(*this, false); }

bool DimExpr::isAtLeast(int64_t bound) const {
  std::optional<int64_t> low = lowerBound();
  return low && *low >= bound;
}
