// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A dimension of a tensor as a symbolic integer expression.
//
// An expression is kept in a normal form, so that two dimensions are known to be equal when their
// expressions compare equal: a polynomial with integer coefficients over *atoms*. An atom is a
// symbol (a dimension that is known when the program runs) or an opaque floordiv, ceildiv, mod, min
// or max of expressions.
//
//   DimExpr seq = DimExpr::symbol("seq"), batch = DimExpr::symbol("batch");
//   (seq + 1) * 2 == seq + seq + 2                        // true
//   (batch * seq * 384).floorDiv(batch * 12).str()        // "32*seq"
//   DimExpr::max(seq + 1, 1).str()                        // "seq + 1"
//
// Symbols stand for sizes of dimensions and are never negative; bounds and simplifications use
// that. A quotient is simplified as if its divisor were not zero: a program that divides by a zero
// dimension fails, or runs without noticing.
//
// Arithmetic never overflows: an expression whose coefficients leave 64 bits, that divides by a
// constant zero, or that grows beyond what a model needs is *unknown*, and so is all that is
// computed from it. Unknown equals unknown, so test isKnown() where that matters.
//
// Immutable, copied cheaply (nodes are shared), safe to read from many threads.

#ifndef HEDDLE_DIALECTS_HEDDLE_DIMEXPR_H
#define HEDDLE_DIALECTS_HEDDLE_DIMEXPR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
}

namespace heddle {

/// The operations an expression is lowered to; the runtime's expression list has the same ones.
enum class DimOp { Add, Mul, FloorDiv, CeilDiv, Mod, Min, Max };

class DimAtom;
struct DimTerm;

class DimExpr {
public:
  /// The constant 0.
  DimExpr() = default;
  /// Constants convert: `seq + 1`.
  DimExpr(int64_t value) : value(value) {}

  static DimExpr constant(int64_t value) { return DimExpr(value); }
  static DimExpr symbol(llvm::StringRef name);
  static DimExpr unknown();

  bool isKnown() const { return !isUnknown; }
  std::optional<int64_t> asConstant() const;
  bool isConstant(int64_t expected) const { return asConstant() == expected; }
  /// The name, where the expression is one symbol and nothing else.
  std::optional<llvm::StringRef> asSymbol() const;

  friend DimExpr operator+(const DimExpr &lhs, const DimExpr &rhs);
  friend DimExpr operator-(const DimExpr &lhs, const DimExpr &rhs);
  friend DimExpr operator*(const DimExpr &lhs, const DimExpr &rhs);
  DimExpr operator-() const { return *this * DimExpr(-1); }

  /// Quotients round down (floorDiv) or up (ceilDiv); mod has the divisor's sign.
  DimExpr floorDiv(const DimExpr &divisor) const;
  DimExpr ceilDiv(const DimExpr &divisor) const;
  DimExpr mod(const DimExpr &divisor) const;
  static DimExpr min(const DimExpr &lhs, const DimExpr &rhs);
  static DimExpr max(const DimExpr &lhs, const DimExpr &rhs);

  /// The quotient, where the division leaves no remainder whatever the symbols are.
  std::optional<DimExpr> divideExactly(const DimExpr &divisor) const;

  /// What the expression is never below, or never above.
  std::optional<int64_t> lowerBound() const;
  std::optional<int64_t> upperBound() const;
  bool isAtLeast(int64_t bound) const;

  bool operator==(const DimExpr &other) const { return compare(other) == 0; }
  /// A total order that does not depend on addresses.
  int compare(const DimExpr &other) const;
  llvm::hash_code hash() const;

  /// The canonical text; parse() gives the same expression back. Names that are not made of
  /// letters, digits and `_.:`, or that read as something else, stand between backticks.
  std::string str() const;
  /// Any expression in that syntax, canonical or not; nothing where the text is malformed, too long
  /// or too deep.
  static std::optional<DimExpr> parse(llvm::StringRef text);

  /// Calls `visit` for each occurrence of a symbol.
  void walkSymbols(llvm::function_ref<void(llvm::StringRef)> visit) const;
  /// Replaces symbols; those for which `replace` returns nothing stay.
  DimExpr substitute(llvm::function_ref<std::optional<DimExpr>(llvm::StringRef)> replace) const;

  /// Lowers the expression bottom-up to values of type T: numbers, indices into a list, SSA values.
  /// The expression must be known.
  template <typename T>
  T lower(llvm::function_ref<T(int64_t)> constant, llvm::function_ref<T(llvm::StringRef)> symbol,
          llvm::function_ref<T(DimOp, T, T)> apply) const;

  /// The atom, where the expression is one and nothing else.
  const DimAtom *asAtom() const;
  /// The terms, greatest first, the constant last; empty for 0 and for unknown.
  llvm::ArrayRef<DimTerm> terms() const;

private:
  friend class DimAtom;
  struct Node;

  static DimExpr fromTerms(std::vector<DimTerm> terms);
  static DimExpr makeOpaque(DimOp kind, std::vector<DimExpr> operands);
  DimExpr divideSymbolically(DimOp kind, const DimExpr &divisor) const;
  static DimExpr extremum(DimOp kind, const DimExpr &lhs, const DimExpr &rhs);
  std::vector<DimTerm> copyTerms() const;
  unsigned depth() const;
  unsigned size() const;

  std::shared_ptr<const Node> node; // null for constants and unknown
  int64_t value = 0;
  bool isUnknown = false;
};

/// A symbol, or an operation on expressions that is not a polynomial.
class DimAtom {
public:
  bool isSymbol() const;
  llvm::StringRef name() const;
  DimOp kind() const;
  /// Two, or for Min and Max two or more.
  llvm::ArrayRef<DimExpr> operands() const;
  int compare(const DimAtom &other) const;
  DimExpr asExpr() const;

private:
  friend class DimExpr;
  struct Node;
  std::shared_ptr<const Node> node;
};

struct DimFactor {
  DimAtom atom;
  unsigned power;
};

struct DimTerm {
  int64_t coefficient;
  std::vector<DimFactor> factors; // in the order of atoms; empty for the constant
};

inline llvm::hash_code hash_value(const DimExpr &expr) { return expr.hash(); }
llvm::raw_ostream &operator<<(llvm::raw_ostream &os, const DimExpr &expr);

template <typename T>
T DimExpr::lower(llvm::function_ref<T(int64_t)> constant,
                 llvm::function_ref<T(llvm::StringRef)> symbol,
                 llvm::function_ref<T(DimOp, T, T)> apply) const {
  if (std::optional<int64_t> number = asConstant())
    return constant(*number);
  std::optional<T> sum;
  for (const DimTerm &term : terms()) {
    std::optional<T> product;
    if (term.coefficient != 1 || term.factors.empty())
      product = constant(term.coefficient);
    for (const DimFactor &factor : term.factors) {
      std::optional<T> atom;
      if (factor.atom.isSymbol()) {
        atom = symbol(factor.atom.name());
      } else {
        for (const DimExpr &operand : factor.atom.operands()) {
          T lowered = operand.lower<T>(constant, symbol, apply);
          atom = atom ? apply(factor.atom.kind(), *atom, lowered) : lowered;
        }
      }
      for (unsigned power = 0; power < factor.power; ++power)
        product = product ? apply(DimOp::Mul, *product, *atom) : *atom;
    }
    sum = sum ? apply(DimOp::Add, *sum, *product) : *product;
  }
  return *sum;
}

} // namespace heddle

#endif // HEDDLE_DIALECTS_HEDDLE_DIMEXPR_H
