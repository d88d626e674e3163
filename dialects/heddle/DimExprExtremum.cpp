// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Minima and maxima, without the alternatives that never win.

#include "dialects/heddle/DimExpr.h"

#include <algorithm>

using namespace heddle;

/// Minima and maxima within minima and maxima that are looked into.
static constexpr unsigned kMostDepth = 4;

/// Whether the expression is 0 or more whatever the symbols are, as far as is seen: where it adds a
/// minimum, this must hold with each of its alternatives, where it takes one off, with any of them;
/// the other way around for maxima.
static bool isNeverNegative(const DimExpr &expr, unsigned depth = kMostDepth) {
  if (expr.isAtLeast(0))
    return true;
  if (depth == 0)
    return false;
  const DimTerm *chosen = nullptr;
  bool needsAll = false;
  for (const DimTerm &term : expr.terms()) {
    if (term.factors.size() != 1 || term.factors.front().power != 1)
      continue;
    const DimAtom &atom = term.factors.front().atom;
    if (atom.isSymbol() || (atom.kind() != DimOp::Min && atom.kind() != DimOp::Max))
      continue;
    // Those that hold for any may be chosen for each of the others.
    bool all = (term.coefficient > 0) == (atom.kind() == DimOp::Min);
    if (!chosen || (all && !needsAll)) {
      chosen = &term;
      needsAll = all;
    }
  }
  if (!chosen)
    return false;
  const DimAtom &atom = chosen->factors.front().atom;
  DimExpr rest = expr - atom.asExpr() * chosen->coefficient;
  auto holds = [&](const DimExpr &alternative) {
    return isNeverNegative(rest + alternative * chosen->coefficient, depth - 1);
  };
  return needsAll ? llvm::all_of(atom.operands(), holds) : llvm::any_of(atom.operands(), holds);
}

DimExpr DimExpr::extremum(DimOp kind, const DimExpr &lhs, const DimExpr &rhs) {
  if (!lhs.isKnown() || !rhs.isKnown())
    return unknown();
  std::vector<DimExpr> operands;
  for (const DimExpr *side : {&lhs, &rhs}) {
    const DimAtom *atom = side->asAtom();
    if (atom && !atom->isSymbol() && atom->kind() == kind)
      operands.insert(operands.end(), atom->operands().begin(), atom->operands().end());
    else
      operands.push_back(*side);
  }
  if (operands.size() > 64)
    return unknown();
  std::vector<DimExpr> kept;
  for (const DimExpr &operand : operands) {
    auto covers = [&](const DimExpr &winner, const DimExpr &loser) {
      return isNeverNegative(kind == DimOp::Max ? winner - loser : loser - winner);
    };
    if (llvm::any_of(kept, [&](const DimExpr &other) { return covers(other, operand); }))
      continue;
    llvm::erase_if(kept, [&](const DimExpr &other) { return covers(operand, other); });
    kept.push_back(operand);
  }
  if (kept.size() == 1)
    return kept.front();
  llvm::sort(kept, [](const DimExpr &a, const DimExpr &b) { return a.compare(b) < 0; });
  return makeOpaque(kind, std::move(kept));
}

DimExpr DimExpr::min(const DimExpr &lhs, const DimExpr &rhs) {
  return extremum(DimOp::Min, lhs, rhs);
}

DimExpr DimExpr::max(const DimExpr &lhs, const DimExpr &rhs) {
  return extremum(DimOp::Max, lhs, rhs);
}
