// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The normal form: sums and products of terms, their order, and walks over them.

#include "dialects/heddle/DimExpr.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace heddle;
using llvm::ArrayRef;
using llvm::StringRef;

namespace {
// Beyond these an expression is unknown. Real models stay far below; the limits keep the cost of
// every operation, and the length of texts, bounded for hostile ones.
constexpr unsigned kMaxDepth = 48;
constexpr unsigned kMaxSize = 2048;
constexpr unsigned kMaxDegree = 24;
} // namespace

struct DimAtom::Node {
  std::string name; // of a symbol
  DimOp kind = DimOp::Add;
  std::vector<DimExpr> operands; // empty for a symbol
  unsigned depth = 0;
  unsigned size = 1;
};

struct DimExpr::Node {
  std::vector<DimTerm> terms;
  unsigned depth = 0;
  unsigned size = 0;
};

bool DimAtom::isSymbol() const { return node->operands.empty(); }
StringRef DimAtom::name() const { return node->name; }
DimOp DimAtom::kind() const { return node->kind; }
ArrayRef<DimExpr> DimAtom::operands() const { return node->operands; }

int DimAtom::compare(const DimAtom &other) const {
  if (node == other.node)
    return 0;
  if (isSymbol() != other.isSymbol())
    return isSymbol() ? -1 : 1;
  if (isSymbol())
    return name().compare(other.name());
  if (kind() != other.kind())
    return kind() < other.kind() ? -1 : 1;
  for (size_t i = 0; i < operands().size() && i < other.operands().size(); ++i)
    if (int order = operands()[i].compare(other.operands()[i]))
      return order;
  if (operands().size() == other.operands().size())
    return 0;
  return operands().size() < other.operands().size() ? -1 : 1;
}

static unsigned degree(const DimTerm &term) {
  unsigned sum = 0;
  for (const DimFactor &factor : term.factors)
    sum += factor.power;
  return sum;
}

/// Graded lexicographic order of the products of atoms, the greatest first. It agrees with
/// multiplication, which the division of polynomials relies on.
static int compareFactors(const DimTerm &lhs, const DimTerm &rhs) {
  if (unsigned left = degree(lhs), right = degree(rhs); left != right)
    return left > right ? -1 : 1;
  for (size_t i = 0; i < lhs.factors.size() && i < rhs.factors.size(); ++i) {
    if (int order = lhs.factors[i].atom.compare(rhs.factors[i].atom))
      return order;
    if (lhs.factors[i].power != rhs.factors[i].power)
      return lhs.factors[i].power > rhs.factors[i].power ? -1 : 1;
  }
  return 0; // equal degrees leave no longer one
}

DimExpr DimExpr::unknown() {
  DimExpr expr;
  expr.isUnknown = true;
  return expr;
}

DimExpr DimExpr::symbol(StringRef name) {
  auto node = std::make_shared<DimAtom::Node>();
  node->name = name.str();
  node->size += unsigned(std::min<size_t>(name.size() / 32, kMaxSize)); // long names count as more
  DimAtom atom;
  atom.node = std::move(node);
  return atom.asExpr();
}

DimExpr DimAtom::asExpr() const { return DimExpr::fromTerms({DimTerm{1, {DimFactor{*this, 1}}}}); }

DimExpr DimExpr::makeOpaque(DimOp kind, std::vector<DimExpr> operands) {
  auto node = std::make_shared<DimAtom::Node>();
  node->kind = kind;
  for (const DimExpr &operand : operands) {
    if (!operand.isKnown())
      return unknown();
    node->depth = std::max(node->depth, operand.depth() + 1);
    node->size += operand.size();
  }
  if (node->depth > kMaxDepth || node->size > kMaxSize)
    return unknown();
  node->operands = std::move(operands);
  DimAtom atom;
  atom.node = std::move(node);
  return atom.asExpr();
}

/// Sorts, merges and drops what cancels. The factors within each term are in order already.
DimExpr DimExpr::fromTerms(std::vector<DimTerm> terms) {
  std::sort(terms.begin(), terms.end(),
            [](const DimTerm &lhs, const DimTerm &rhs) { return compareFactors(lhs, rhs) < 0; });
  auto node = std::make_shared<Node>();
  for (DimTerm &term : terms) {
    if (node->terms.empty() || compareFactors(node->terms.back(), term) != 0) {
      node->terms.push_back(std::move(term));
    } else if (int64_t &sum = node->terms.back().coefficient;
               llvm::AddOverflow(sum, term.coefficient, sum)) {
      return unknown();
    }
  }
  llvm::erase_if(node->terms, [](const DimTerm &term) { return term.coefficient == 0; });
  if (node->terms.empty())
    return DimExpr(0);
  if (node->terms.size() == 1 && node->terms.front().factors.empty())
    return DimExpr(node->terms.front().coefficient);
  for (const DimTerm &term : node->terms) {
    if (degree(term) > kMaxDegree)
      return unknown();
    ++node->size;
    for (const DimFactor &factor : term.factors) {
      node->depth = std::max(node->depth, factor.atom.node->depth);
      node->size += factor.atom.node->size * factor.power;
    }
    if (node->size > kMaxSize)
      return unknown();
  }
  DimExpr expr;
  expr.node = std::move(node);
  return expr;
}

unsigned DimExpr::depth() const { return node ? node->depth : 0; }
unsigned DimExpr::size() const { return node ? node->size : 1; }

std::optional<int64_t> DimExpr::asConstant() const {
  if (node || isUnknown)
    return std::nullopt;
  return value;
}

const DimAtom *DimExpr::asAtom() const {
  if (!node || node->terms.size() != 1)
    return nullptr;
  const DimTerm &term = node->terms.front();
  if (term.coefficient != 1 || term.factors.size() != 1 || term.factors.front().power != 1)
    return nullptr;
  return &term.factors.front().atom;
}

std::optional<StringRef> DimExpr::asSymbol() const {
  const DimAtom *atom = asAtom();
  if (!atom || !atom->isSymbol())
    return std::nullopt;
  return atom->name();
}

ArrayRef<DimTerm> DimExpr::terms() const {
  return node ? ArrayRef<DimTerm>(node->terms) : ArrayRef<DimTerm>();
}

std::vector<DimTerm> DimExpr::copyTerms() const {
  if (node)
    return node->terms;
  return value ? std::vector<DimTerm>{DimTerm{value, {}}} : std::vector<DimTerm>{};
}

namespace heddle {

DimExpr operator+(const DimExpr &lhs, const DimExpr &rhs) {
  if (lhs.isUnknown || rhs.isUnknown)
    return DimExpr::unknown();
  std::vector<DimTerm> terms = lhs.copyTerms();
  for (DimTerm &term : rhs.copyTerms())
    terms.push_back(std::move(term));
  return DimExpr::fromTerms(std::move(terms));
}

DimExpr operator-(const DimExpr &lhs, const DimExpr &rhs) { return lhs + -rhs; }

DimExpr operator*(const DimExpr &lhs, const DimExpr &rhs) {
  if (lhs.isUnknown || rhs.isUnknown)
    return DimExpr::unknown();
  std::vector<DimTerm> left = lhs.copyTerms(), right = rhs.copyTerms(), terms;
  if (left.size() * right.size() > kMaxSize)
    return DimExpr::unknown();
  for (const DimTerm &l : left) {
    for (const DimTerm &r : right) {
      DimTerm product;
      if (llvm::MulOverflow(l.coefficient, r.coefficient, product.coefficient))
        return DimExpr::unknown();
      auto i = l.factors.begin(), j = r.factors.begin();
      while (i != l.factors.end() || j != r.factors.end()) {
        int order = i == l.factors.end() ? 1 : j == r.factors.end() ? -1 : i->atom.compare(j->atom);
        product.factors.push_back(order <= 0 ? *i : *j);
        if (order == 0)
          product.factors.back().power += j->power;
        i += order <= 0;
        j += order >= 0;
      }
      terms.push_back(std::move(product));
    }
  }
  return DimExpr::fromTerms(std::move(terms));
}

} // namespace heddle

int DimExpr::compare(const DimExpr &other) const {
  if (isUnknown || other.isUnknown)
    return int(isUnknown) - int(other.isUnknown);
  if (node && node == other.node)
    return 0;
  if (!node && !other.node)
    return value == other.value ? 0 : value < other.value ? -1 : 1;
  if (!node || !other.node)
    return node ? -1 : 1; // constants last
  ArrayRef<DimTerm> left = terms(), right = other.terms();
  for (size_t i = 0; i < left.size() && i < right.size(); ++i) {
    if (int order = compareFactors(left[i], right[i]))
      return order;
    if (left[i].coefficient != right[i].coefficient)
      return left[i].coefficient < right[i].coefficient ? -1 : 1;
  }
  return left.size() == right.size() ? 0 : left.size() < right.size() ? -1 : 1;
}

llvm::hash_code DimExpr::hash() const {
  llvm::hash_code code = llvm::hash_combine(isUnknown, value);
  for (const DimTerm &term : terms()) {
    code = llvm::hash_combine(code, term.coefficient);
    for (const DimFactor &factor : term.factors) {
      code = llvm::hash_combine(code, factor.power);
      if (factor.atom.isSymbol())
        code = llvm::hash_combine(code, factor.atom.name());
      for (const DimExpr &operand : factor.atom.operands())
        code = llvm::hash_combine(code, int(factor.atom.kind()), operand.hash());
    }
  }
  return code;
}

void DimExpr::walkSymbols(llvm::function_ref<void(StringRef)> visit) const {
  for (const DimTerm &term : terms()) {
    for (const DimFactor &factor : term.factors) {
      if (factor.atom.isSymbol())
        visit(factor.atom.name());
      for (const DimExpr &operand : factor.atom.operands())
        operand.walkSymbols(visit);
    }
  }
}

DimExpr DimExpr::substitute(llvm::function_ref<std::optional<DimExpr>(StringRef)> replace) const {
  if (!isKnown())
    return *this;
  return lower<DimExpr>([](int64_t number) { return DimExpr(number); },
                        [&](StringRef name) {
                          std::optional<DimExpr> other = replace(name);
                          return other ? *other : symbol(name);
                        },
                        [](DimOp op, DimExpr lhs, DimExpr rhs) -> DimExpr {
                          switch (op) {
                          case DimOp::Add:
                            return lhs + rhs;
                          case DimOp::Mul:
                            return lhs * rhs;
                          case DimOp::FloorDiv:
                            return lhs.floorDiv(rhs);
                          case DimOp::CeilDiv:
                            return lhs.ceilDiv(rhs);
                          case DimOp::Mod:
                            return lhs.mod(rhs);
                          case DimOp::Min:
                            return min(lhs, rhs);
                          case DimOp::Max:
                            return max(lhs, rhs);
                          }
                          return unknown();
                        });
}
