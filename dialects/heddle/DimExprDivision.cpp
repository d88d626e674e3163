// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quotients and remainders, simplified where bounds and common factors allow.

#include "dialects/heddle/DimExpr.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <limits>
#include <numeric>

using namespace heddle;

static constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();

/// The quotient of two terms, where it is one.
static std::optional<DimTerm> divideTerms(const DimTerm &term, const DimTerm &divisor) {
  if (divisor.coefficient == 0 || (term.coefficient == kLeast && divisor.coefficient == -1) ||
      term.coefficient % divisor.coefficient)
    return std::nullopt;
  DimTerm quotient{term.coefficient / divisor.coefficient, {}};
  auto next = divisor.factors.begin();
  for (const DimFactor &factor : term.factors) {
    unsigned power = factor.power;
    if (next != divisor.factors.end() && factor.atom.compare(next->atom) == 0) {
      if (next->power > power)
        return std::nullopt;
      power -= next->power;
      ++next;
    }
    if (power)
      quotient.factors.push_back({factor.atom, power});
  }
  if (next != divisor.factors.end())
    return std::nullopt;
  return quotient;
}

std::optional<DimExpr> DimExpr::divideExactly(const DimExpr &divisor) const {
  if (!isKnown() || !divisor.isKnown() || divisor.isConstant(0))
    return std::nullopt;
  DimTerm leading = divisor.copyTerms().front();
  DimExpr rest = *this, quotient;
  // Each round removes the greatest term, so there are at most as many as products of the atoms;
  // a quotient of more terms than this is of no use anyway.
  for (unsigned round = 0; round < 64; ++round) {
    if (rest.isConstant(0))
      return quotient;
    if (!rest.isKnown())
      return std::nullopt;
    std::optional<DimTerm> term = divideTerms(rest.copyTerms().front(), leading);
    if (!term)
      return std::nullopt;
    DimExpr part = fromTerms({*term});
    quotient = quotient + part;
    rest = rest - part * divisor;
  }
  return std::nullopt;
}

/// Splits `expr` into quotient * divisor + rest with the coefficients of the rest in [0, divisor).
static std::pair<DimExpr, DimExpr> splitCoefficients(const DimExpr &expr, int64_t divisor) {
  DimExpr quotient, rest;
  if (std::optional<int64_t> number = expr.asConstant()) {
    quotient = llvm::divideFloorSigned(*number, divisor);
    rest = *number - llvm::divideFloorSigned(*number, divisor) * divisor;
    return {quotient, rest};
  }
  rest = expr;
  for (const DimTerm &term : expr.terms()) {
    int64_t whole = llvm::divideFloorSigned(term.coefficient, divisor);
    if (whole == 0)
      continue;
    DimExpr product = 1;
    for (const DimFactor &factor : term.factors)
      for (unsigned power = 0; power < factor.power; ++power)
        product = product * factor.atom.asExpr();
    quotient = quotient + product * whole;
    rest = rest - product * whole * divisor;
  }
  return {quotient, rest};
}

static int64_t gcdOfCoefficients(const DimExpr &expr, int64_t gcd, bool withConstant) {
  for (const DimTerm &term : expr.terms())
    if (withConstant || !term.factors.empty())
      gcd = term.coefficient == kLeast ? 1 : std::gcd(gcd, term.coefficient);
  return gcd;
}

DimExpr DimExpr::floorDiv(const DimExpr &divisor) const {
  if (!isKnown() || !divisor.isKnown() || divisor.isConstant(0))
    return unknown();
  if (std::optional<DimExpr> quotient = divideExactly(divisor))
    return *quotient;
  std::optional<int64_t> number = divisor.asConstant();
  if (!number)
    return divideSymbolically(DimOp::FloorDiv, divisor);
  if (*number < 0)
    return *number == kLeast ? unknown() : (-*this).floorDiv(-*number);

  auto [quotient, rest] = splitCoefficients(*this, *number);
  if (!quotient.isKnown() || !rest.isKnown())
    return unknown();
  std::optional<int64_t> high = rest.upperBound();
  if (rest.isAtLeast(0) && high && *high < *number)
    return quotient;
  // Rounding twice is rounding once: (x floordiv b + y) floordiv c = (x + b*y) floordiv (b*c).
  for (const DimTerm &term : rest.terms()) {
    if (term.coefficient != 1 || term.factors.size() != 1 || term.factors.front().power != 1)
      continue;
    const DimAtom &atom = term.factors.front().atom;
    if (atom.isSymbol() || atom.kind() != DimOp::FloorDiv)
      continue;
    std::optional<int64_t> inner = atom.operands()[1].asConstant();
    if (!inner || *inner <= 0)
      continue;
    DimExpr joined = atom.operands()[0] + (rest - atom.asExpr()) * *inner;
    DimExpr product = DimExpr(*inner) * *number;
    if (joined.isKnown() && product.isKnown())
      return quotient + joined.floorDiv(product);
  }
  // floor((g*x + k) / (g*c)) = floor((x + floor(k/g)) / c).
  int64_t gcd = gcdOfCoefficients(rest, *number, /*withConstant=*/false);
  if (gcd > 1)
    return quotient + splitCoefficients(rest, gcd).first.floorDiv(*number / gcd);
  return quotient + makeOpaque(DimOp::FloorDiv, {rest, divisor});
}

DimExpr DimExpr::ceilDiv(const DimExpr &divisor) const {
  if (!isKnown() || !divisor.isKnown() || divisor.isConstant(0))
    return unknown();
  if (std::optional<DimExpr> quotient = divideExactly(divisor))
    return *quotient;
  std::optional<int64_t> number = divisor.asConstant();
  if (!number)
    return divideSymbolically(DimOp::CeilDiv, divisor);
  if (*number < 0)
    return *number == kLeast ? unknown() : (-*this).ceilDiv(-*number);
  return (*this + (*number - 1)).floorDiv(divisor);
}

DimExpr DimExpr::mod(const DimExpr &divisor) const {
  if (!isKnown() || !divisor.isKnown() || divisor.isConstant(0))
    return unknown();
  if (divideExactly(divisor))
    return 0;
  std::optional<int64_t> number = divisor.asConstant();
  if (!number) {
    if (isAtLeast(0) && (divisor - *this).isAtLeast(1))
      return *this;
    return makeOpaque(DimOp::Mod, {*this, divisor});
  }
  if (*number < 0)
    return *number == kLeast ? unknown() : -(-*this).mod(-*number);
  DimExpr rest = splitCoefficients(*this, *number).second;
  std::optional<int64_t> high = rest.upperBound();
  if (!rest.isKnown() || (rest.isAtLeast(0) && high && *high < *number))
    return rest;
  int64_t gcd = gcdOfCoefficients(rest, *number, /*withConstant=*/true);
  if (gcd > 1)
    return splitCoefficients(rest, gcd).first.mod(*number / gcd) * gcd;
  return makeOpaque(DimOp::Mod, {rest, divisor});
}

/// A quotient by an expression with symbols, after cancelling what all terms have in common.
DimExpr DimExpr::divideSymbolically(DimOp kind, const DimExpr &divisor) const {
  if (kind == DimOp::FloorDiv && isAtLeast(0) && (divisor - *this).isAtLeast(1))
    return 0;
  DimTerm common = divisor.copyTerms().front();
  std::vector<DimTerm> terms = copyTerms();
  for (DimTerm &term : divisor.copyTerms())
    terms.push_back(std::move(term));
  for (const DimTerm &term : terms) {
    if (term.coefficient == kLeast || common.coefficient == kLeast)
      return unknown();
    common.coefficient = std::gcd(common.coefficient, term.coefficient);
    for (DimFactor &factor : common.factors) {
      auto same = llvm::find_if(term.factors, [&](const DimFactor &other) {
        return factor.atom.compare(other.atom) == 0;
      });
      factor.power = std::min(factor.power, same == term.factors.end() ? 0 : same->power);
    }
    llvm::erase_if(common.factors, [](const DimFactor &factor) { return factor.power == 0; });
  }
  if (divisor.copyTerms().front().coefficient < 0)
    common.coefficient = -common.coefficient;
  if (common.coefficient == 1 && common.factors.empty())
    return makeOpaque(kind, {*this, divisor});
  DimExpr factor = fromTerms({common});
  std::optional<DimExpr> value = divideExactly(factor), reduced = divisor.divideExactly(factor);
  if (!value || !reduced)
    return makeOpaque(kind, {*this, divisor});
  return kind == DimOp::FloorDiv ? value->floorDiv(*reduced) : value->ceilDiv(*reduced);
}
