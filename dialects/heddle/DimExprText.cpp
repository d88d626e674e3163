// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The text of an expression, and its parser.
//
//   sum     ::= `-`? product ((`+` | `-`) product)*
//   product ::= atom ((`*` | `floordiv` | `ceildiv` | `mod`) atom)*     left to right
//   atom    ::= number | name | `(` sum `)` | (`min` | `max`) `(` sum (`,` sum)+ `)`

#include "dialects/heddle/DimExpr.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/raw_ostream.h"

using namespace heddle;
using llvm::StringRef;

namespace {
constexpr size_t kMaxLength = 1 << 18;
constexpr unsigned kMaxNesting = 128;
} // namespace

static bool isNameCharacter(char c) { return llvm::isAlnum(c) || c == '_' || c == '.' || c == ':'; }

static bool isKeyword(StringRef text) {
  return llvm::StringSwitch<bool>(text)
      .Cases({"floordiv", "ceildiv", "mod", "min", "max"}, true)
      .Default(false);
}

static void printName(llvm::raw_ostream &os, StringRef name) {
  if (!name.empty() && !llvm::isDigit(name.front()) && llvm::all_of(name, isNameCharacter) &&
      !isKeyword(name)) {
    os << name;
    return;
  }
  os << '`';
  for (char c : name)
    os << (c == '`' ? "``" : StringRef(&c, 1));
  os << '`';
}

static StringRef spelling(DimOp op) {
  switch (op) {
  case DimOp::Add:
    return "+";
  case DimOp::Mul:
    return "*";
  case DimOp::FloorDiv:
    return "floordiv";
  case DimOp::CeilDiv:
    return "ceildiv";
  case DimOp::Mod:
    return "mod";
  case DimOp::Min:
    return "min";
  case DimOp::Max:
    return "max";
  }
  return "";
}

/// An operand of floordiv and its like: bare where it is a name or a number.
static void printOperand(llvm::raw_ostream &os, const DimExpr &expr) {
  std::optional<int64_t> number = expr.asConstant();
  if (expr.asSymbol() || (number && *number >= 0))
    os << expr;
  else
    os << '(' << expr << ')';
}

static void printAtom(llvm::raw_ostream &os, const DimAtom &atom, bool alone) {
  if (atom.isSymbol())
    return printName(os, atom.name());
  if (atom.kind() == DimOp::Min || atom.kind() == DimOp::Max) {
    os << spelling(atom.kind()) << '(';
    llvm::interleaveComma(atom.operands(), os);
    os << ')';
    return;
  }
  if (!alone)
    os << '(';
  printOperand(os, atom.operands()[0]);
  os << ' ' << spelling(atom.kind()) << ' ';
  printOperand(os, atom.operands()[1]);
  if (!alone)
    os << ')';
}

llvm::raw_ostream &heddle::operator<<(llvm::raw_ostream &os, const DimExpr &expr) {
  if (!expr.isKnown())
    return os << "?";
  if (std::optional<int64_t> number = expr.asConstant())
    return os << *number;
  bool first = true;
  for (const DimTerm &term : expr.terms()) {
    bool negative = term.coefficient < 0;
    os << (first ? (negative ? "-" : "") : (negative ? " - " : " + "));
    first = false;
    // As unsigned, so that the least number has a magnitude.
    uint64_t magnitude = negative ? -uint64_t(term.coefficient) : uint64_t(term.coefficient);
    bool hasNumber = magnitude != 1 || term.factors.empty();
    if (hasNumber)
      os << magnitude;
    bool alone = !hasNumber && term.factors.size() == 1 && term.factors.front().power == 1;
    StringRef separator = hasNumber ? "*" : "";
    for (const DimFactor &factor : term.factors) {
      for (unsigned power = 0; power < factor.power; ++power) {
        os << separator;
        printAtom(os, factor.atom, alone);
        separator = "*";
      }
    }
  }
  return os;
}

std::string DimExpr::str() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << *this;
  return text;
}

namespace {
class Parser {
public:
  explicit Parser(StringRef text) : rest(text) {}

  std::optional<DimExpr> parse() {
    std::optional<DimExpr> expr = parseSum();
    rest = rest.ltrim(' ');
    if (!expr || !rest.empty() || !expr->isKnown())
      return std::nullopt;
    return expr;
  }

private:
  bool consume(StringRef token) {
    rest = rest.ltrim(' ');
    return rest.consume_front(token);
  }

  bool consumeWord(StringRef word) {
    rest = rest.ltrim(' ');
    return rest.take_while(isNameCharacter) == word && rest.consume_front(word);
  }

  std::optional<DimExpr> parseSum() {
    if (++nesting > kMaxNesting)
      return std::nullopt;
    bool negative = consume("-");
    std::optional<DimExpr> sum = parseProduct(negative);
    while (sum) {
      bool minus = false;
      if (!consume("+") && !(minus = consume("-")))
        break;
      std::optional<DimExpr> next = parseProduct(minus);
      sum = next ? std::optional(*sum + *next) : std::nullopt;
    }
    --nesting;
    return sum;
  }

  std::optional<DimExpr> parseProduct(bool negative) {
    std::optional<DimExpr> product = parseAtom(negative);
    while (product) {
      DimOp op = consume("*")              ? DimOp::Mul
                 : consumeWord("floordiv") ? DimOp::FloorDiv
                 : consumeWord("ceildiv")  ? DimOp::CeilDiv
                 : consumeWord("mod")      ? DimOp::Mod
                                           : DimOp::Add;
      if (op == DimOp::Add)
        break;
      // The sign binds weaker than the quotient: -a floordiv b is -(a floordiv b).
      bool wasNegated = negative && op != DimOp::Mul;
      std::optional<DimExpr> next = parseAtom(/*negative=*/false);
      if (!next)
        return std::nullopt;
      DimExpr left = wasNegated ? -*product : *product;
      DimExpr value = op == DimOp::Mul        ? left * *next
                      : op == DimOp::FloorDiv ? left.floorDiv(*next)
                      : op == DimOp::CeilDiv  ? left.ceilDiv(*next)
                                              : left.mod(*next);
      product = wasNegated ? -value : value;
    }
    return product;
  }

  std::optional<DimExpr> parseAtom(bool negative) {
    rest = rest.ltrim(' ');
    if (rest.empty())
      return std::nullopt;
    if (llvm::isDigit(rest.front())) {
      // The sign belongs to the number, as the least one has no positive counterpart.
      std::string digits = (negative ? "-" : "") + rest.take_while(llvm::isDigit).str();
      rest = rest.drop_while(llvm::isDigit);
      int64_t number;
      if (StringRef(digits).getAsInteger(10, number))
        return std::nullopt;
      return DimExpr(number);
    }
    std::optional<DimExpr> atom;
    if (consume("(")) {
      atom = parseSum();
      if (!consume(")"))
        return std::nullopt;
    } else if (consume("`")) {
      atom = parseQuotedName();
    } else {
      StringRef name = rest.take_while(isNameCharacter);
      if (name.empty())
        return std::nullopt;
      rest = rest.drop_front(name.size());
      if (name == "min" || name == "max")
        atom = parseExtremum(name == "max");
      else if (!isKeyword(name))
        atom = DimExpr::symbol(name);
    }
    if (!atom)
      return std::nullopt;
    return negative ? -*atom : *atom;
  }

  std::optional<DimExpr> parseQuotedName() {
    std::string name;
    while (!rest.empty()) {
      char c = rest.front();
      rest = rest.drop_front();
      if (c == '`' && !rest.consume_front("`"))
        return DimExpr::symbol(name);
      name += c;
    }
    return std::nullopt;
  }

  std::optional<DimExpr> parseExtremum(bool isMax) {
    if (!consume("("))
      return std::nullopt;
    std::optional<DimExpr> value = parseSum();
    while (value && consume(",")) {
      std::optional<DimExpr> next = parseSum();
      if (!next)
        return std::nullopt;
      value = isMax ? DimExpr::max(*value, *next) : DimExpr::min(*value, *next);
    }
    return consume(")") ? value : std::nullopt;
  }

  StringRef rest;
  unsigned nesting = 0;
};
} // namespace

std::optional<DimExpr> DimExpr::parse(StringRef text) {
  if (text.size() > kMaxLength)
    return std::nullopt;
  return Parser(text).parse();
}
