// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/heddle/DimExpr.h"
#include "dialects/heddle/Heddle.h"
#include "dialects/heddle/TensorDims.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

#include <cstdint>
#include <limits>
#include <map>
#include <random>

namespace heddle {
namespace {

DimExpr sym(llvm::StringRef name) { return DimExpr::symbol(name); }
DimExpr parse(llvm::StringRef text) { return DimExpr::parse(text).value_or(DimExpr::unknown()); }

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();

TEST(DimExprTest, SumsAndProductsAreCanonical) {
  DimExpr batch = sym("batch"), seq = sym("seq"), past = sym("past");
  EXPECT_EQ((seq + past).str(), "past + seq");
  EXPECT_EQ((seq + 1).str(), "seq + 1");
  EXPECT_EQ((1 + seq + seq).str(), "2*seq + 1");
  EXPECT_EQ((seq * 384 * batch).str(), "384*batch*seq");
  EXPECT_EQ((seq - seq).str(), "0");
  EXPECT_EQ(((seq + 1) * (seq - 1)).str(), "seq*seq - 1");
  EXPECT_EQ((-seq - 2).str(), "-seq - 2");
  EXPECT_EQ((seq + 1) * 2, seq + seq + 2);
  EXPECT_EQ(((seq + 1) * 2).hash(), (seq + seq + 2).hash());
  EXPECT_NE(seq, past);
}

TEST(DimExprTest, ExactQuotients) {
  DimExpr batch = sym("batch"), seq = sym("seq");
  EXPECT_EQ((batch * seq * 384).floorDiv(batch * 12).str(), "32*seq");
  EXPECT_EQ((batch * seq + batch).floorDiv(batch).str(), "seq + 1");
  EXPECT_EQ(((batch + 1) * (seq + 2) * 3).floorDiv(seq + 2).str(), "3*batch + 3");
  EXPECT_EQ((batch * 4).floorDiv(batch * 6).str(), "0");
  EXPECT_EQ((batch * seq * 4).ceilDiv(seq * 6).str(), "(2*batch + 2) floordiv 3");
  EXPECT_EQ((batch * seq).mod(seq).str(), "0");
}

TEST(DimExprTest, QuotientsByNumbers) {
  DimExpr h = sym("h"), w = sym("w");
  EXPECT_EQ(h.floorDiv(2).str(), "h floordiv 2");
  EXPECT_EQ((h - 1).floorDiv(2) + 1, (h + 1).floorDiv(2));
  EXPECT_EQ((h + 1).floorDiv(2), h.ceilDiv(2));
  EXPECT_EQ((h + 63).floorDiv(32).str(), "(h + 31) floordiv 32 + 1");
  EXPECT_EQ((h * 4 + 3).floorDiv(4).str(), "h");
  EXPECT_EQ((h * 2 + 5).floorDiv(4).str(), "h floordiv 2 + 1");
  // Five strides of two are one of 32.
  DimExpr strided = h;
  for (int i = 0; i < 5; ++i)
    strided = (strided - 1).floorDiv(2) + 1;
  EXPECT_EQ(strided.str(), "(h + 31) floordiv 32");
  EXPECT_EQ((h * 5).mod(3).str(), "(2*h) mod 3");
  EXPECT_EQ((h * 6 + 4).mod(3).str(), "1");
  EXPECT_EQ((h * 2 + w * 4).mod(6).str(), "2*((h + 2*w) mod 3)");
  EXPECT_EQ(h.mod(1).str(), "0");
  EXPECT_EQ(h.mod(4).floorDiv(4).str(), "0");
  EXPECT_EQ((h.floorDiv(2) * 64).str(), "64*(h floordiv 2)");
}

TEST(DimExprTest, Extrema) {
  DimExpr a = sym("a"), b = sym("b");
  EXPECT_EQ(DimExpr::max(a + 1, 1).str(), "a + 1");
  EXPECT_EQ(DimExpr::max(a, 0), a);
  EXPECT_EQ(DimExpr::max(a, 1).str(), "max(a, 1)");
  EXPECT_EQ(DimExpr::min(a, a + b), a);
  EXPECT_EQ(DimExpr::max(b, a), DimExpr::max(a, b));
  EXPECT_EQ(DimExpr::max(DimExpr::max(a, b), a).str(), "max(a, b)");
  EXPECT_EQ(DimExpr::max(DimExpr::max(a, 7), 9).str(), "max(a, 9)");
  EXPECT_EQ(DimExpr::min(a.mod(8), 8).str(), "a mod 8");
  EXPECT_EQ(DimExpr::max(a, 4).lowerBound(), 4);
  // Within each other: rows of a table cut to a length are no more than it.
  EXPECT_EQ(DimExpr::max(a, DimExpr::min(a, 64)), a);
  EXPECT_EQ(DimExpr::max(DimExpr::max(DimExpr::min(a, 64 - b), 0), a), a);
  EXPECT_EQ(DimExpr::max(DimExpr::min(a + b, 64) - DimExpr::min(a, 64), b), b);
  EXPECT_FALSE(DimExpr::max(DimExpr::min(a + b, 64), b) == b);
  EXPECT_EQ(DimExpr::min(a, 4).upperBound(), 4);
}

TEST(DimExprTest, OverflowIsUnknown) {
  DimExpr a = sym("a");
  EXPECT_FALSE((DimExpr(kMost) + 1).isKnown());
  EXPECT_FALSE((a * kMost * 2).isKnown());
  EXPECT_FALSE((-DimExpr(kLeast)).isKnown());
  EXPECT_FALSE(DimExpr(kLeast).floorDiv(-1).isKnown());
  EXPECT_FALSE(DimExpr(5).floorDiv(0).isKnown());
  EXPECT_FALSE(a.mod(0).isKnown());
  EXPECT_FALSE((DimExpr::unknown() + 1).isKnown());
  EXPECT_FALSE(DimExpr::max(DimExpr::unknown(), 1).isKnown());
  EXPECT_FALSE(a.floorDiv(kLeast).isKnown());
  EXPECT_EQ(DimExpr(7).floorDiv(-2).str(), "-4");
  EXPECT_EQ(DimExpr(7).mod(-2).str(), "-1");
  EXPECT_EQ(DimExpr(-7).ceilDiv(2).str(), "-3");
  EXPECT_EQ((a * kLeast).str(), "-9223372036854775808*a");
  EXPECT_EQ(parse("-9223372036854775808*a"), a * kLeast);
  DimExpr power = a;
  for (int i = 0; i < 40 && power.isKnown(); ++i)
    power = power * (a + sym("b" + std::to_string(i)));
  EXPECT_FALSE(power.isKnown());
}

TEST(DimExprTest, ParseRejects) {
  for (const char *text :
       {"", "+", "a b", "a +", "(a", "a)", "floordiv", "a floordiv", "max(a", "max", "max()", "1a",
        "`a", "a & b", "99999999999999999999", "a floordiv 0", "a ** b", "-", "min(a,)"})
    EXPECT_FALSE(DimExpr::parse(text)) << text;
  EXPECT_FALSE(DimExpr::parse(std::string(100000, '(')));
  EXPECT_FALSE(DimExpr::parse(std::string(1 << 20, '1')));
  std::string sum = "a";
  for (int i = 0; i < 20000; ++i)
    sum += " + b" + std::to_string(i);
  EXPECT_FALSE(DimExpr::parse(sum));
}

TEST(DimExprTest, NamesAreQuoted) {
  for (const char *name : {"seq", "a:b.c_1", "my dim", "1x", "max", "floordiv", "", "`", "a``b",
                           "é", "a+b", "mod", "-", "?"}) {
    DimExpr expr = sym(name) * 2 + sym("z");
    EXPECT_EQ(parse(expr.str()), expr) << expr.str();
  }
  EXPECT_EQ(sym("my dim").str(), "`my dim`");
  EXPECT_EQ(sym("NonZero_3:1").str(), "NonZero_3:1");
}

TEST(DimExprTest, SubstituteAndWalk) {
  DimExpr expr = parse("max(batch*(h floordiv 2) + 1, h mod 7) + `a b`");
  ASSERT_TRUE(expr.isKnown());
  std::map<std::string, int> count;
  expr.walkSymbols([&](llvm::StringRef name) { ++count[name.str()]; });
  EXPECT_EQ(count, (std::map<std::string, int>{{"batch", 1}, {"h", 2}, {"a b", 1}}));
  DimExpr fixed = expr.substitute([](llvm::StringRef name) -> std::optional<DimExpr> {
    return DimExpr(name == "h" ? 10 : name == "batch" ? 3 : 100);
  });
  EXPECT_EQ(fixed.str(), "116");
}

int64_t floorOf(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

/// What an operation means, to compare simplified forms with. Nothing where it divides by zero.
std::optional<int64_t> apply(DimOp op, std::optional<int64_t> a, std::optional<int64_t> b) {
  if (!a || !b)
    return std::nullopt;
  switch (op) {
  case DimOp::Add:
    return *a + *b;
  case DimOp::Mul:
    return *a * *b;
  case DimOp::FloorDiv:
    return *b ? std::optional(floorOf(*a, *b)) : std::nullopt;
  case DimOp::CeilDiv:
    return *b ? std::optional(-floorOf(-*a, *b)) : std::nullopt;
  case DimOp::Mod:
    return *b ? std::optional(*a - *b * floorOf(*a, *b)) : std::nullopt;
  case DimOp::Min:
    return std::min(*a, *b);
  case DimOp::Max:
    return std::max(*a, *b);
  }
  return std::nullopt;
}

// Random expressions mean what their normal forms mean, stay within their bounds, and are what
// their texts parse to.
TEST(DimExprTest, NormalFormsKeepMeaning) {
  std::mt19937 random(7);
  auto pick = [&](int n) { return int(random() % n); };
  for (int round = 0; round < 20000; ++round) {
    std::map<std::string, int64_t> sizes{{"a", pick(9)}, {"b", pick(40) + 1}, {"c", pick(3)}};
    std::vector<std::pair<DimExpr, std::optional<int64_t>>> pool;
    for (auto &[name, size] : sizes)
      pool.push_back({sym(name), size});
    for (int step = 0; step < 8; ++step) {
      auto [lhs, left] = pool[pick(pool.size())];
      auto [rhs, right] = pool[pick(pool.size())];
      if (pick(2)) {
        right = pick(13) - 3;
        rhs = *right;
      }
      auto op = DimOp(pick(7));
      DimExpr expr = op == DimOp::Add        ? lhs + rhs
                     : op == DimOp::Mul      ? lhs * rhs
                     : op == DimOp::FloorDiv ? lhs.floorDiv(rhs)
                     : op == DimOp::CeilDiv  ? lhs.ceilDiv(rhs)
                     : op == DimOp::Mod      ? lhs.mod(rhs)
                     : op == DimOp::Min      ? DimExpr::min(lhs, rhs)
                                             : DimExpr::max(lhs, rhs);
      std::optional<int64_t> value = apply(op, left, right);
      if (!expr.isKnown() || (value && std::abs(*value) > 1000000))
        continue;
      ASSERT_EQ(parse(expr.str()), expr) << expr.str();
      ASSERT_EQ(parse(expr.str()).str(), expr.str());
      std::optional<int64_t> lowered = expr.lower<std::optional<int64_t>>(
          [](int64_t number) { return std::optional(number); },
          [&](llvm::StringRef name) { return std::optional(sizes[name.str()]); }, apply);
      // Simplification may remove a division by zero, never add one.
      if (value) {
        ASSERT_EQ(lowered, value) << expr.str() << " from " << lhs.str() << " and " << rhs.str();
        if (auto low = expr.lowerBound()) {
          ASSERT_GE(*value, *low) << expr.str();
        }
        if (auto high = expr.upperBound()) {
          ASSERT_LE(*value, *high) << expr.str();
        }
      }
      pool.push_back({expr, value});
    }
  }
}

TEST(TensorDimsTest, TypesAndDims) {
  mlir::MLIRContext context;
  context.loadDialect<HeddleDialect>();
  mlir::Type f32 = mlir::Float32Type::get(&context);
  mlir::RankedTensorType fixed = tensorWithDims({2, 3}, f32);
  EXPECT_FALSE(fixed.getEncoding());
  DimExpr seq = sym("seq");
  mlir::RankedTensorType type = tensorWithDims({seq + 1, 3}, f32);
  EXPECT_EQ(type.getShape(), (llvm::ArrayRef<int64_t>{mlir::ShapedType::kDynamic, 3}));
  EXPECT_EQ(getDims(type), (Dims{seq + 1, 3}));
  EXPECT_TRUE(hasKnownDims(type));
  EXPECT_FALSE(hasKnownDims(mlir::RankedTensorType::get({mlir::ShapedType::kDynamic}, f32)));
  EXPECT_FALSE(tensorWithDims({-1}, f32));
  EXPECT_EQ(countElements({seq, 3, 2}).str(), "6*seq");
  EXPECT_EQ(countElements({DimExpr::unknown(), 0}).str(), "0");
}

} // namespace
} // namespace heddle
