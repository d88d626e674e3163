// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/math.h"

#include <gmock/gmock.h>

#include <random>

#include "runtime/tools/decimal.h"
#include "runtime/tools/math_tool.h"

namespace heddle {
namespace {

using testing::HasSubstr;

std::string Value(std::string_view expression) {
  absl::StatusOr<Json> value = EvaluateMath(expression);
  return value.ok() ? ToText(*value) : "error: " + std::string(value.status().message());
}

TEST(MathTest, OperatorsBindAsUsual) {
  EXPECT_EQ(Value("1 + 2 * 3"), "7");
  EXPECT_EQ(Value("(1 + 2) * 3"), "9");
  EXPECT_EQ(Value("10 - 4 - 3"), "3");
  EXPECT_EQ(Value("2 ** 3 ** 2"), "512");
  EXPECT_EQ(Value("2^10"), "1024");
  EXPECT_EQ(Value("-2 ** 2"), "-4");
  EXPECT_EQ(Value("2 ** -1"), "0.5");
  EXPECT_EQ(Value("3 - -5"), "8");
  EXPECT_EQ(Value("8 / 2 / 2"), "2");
  EXPECT_EQ(Value("7 % 3 * 2"), "2");
  EXPECT_EQ(Value("-7 % 3"), "2");
  EXPECT_EQ(Value("-7 // 2"), "-4");
  EXPECT_EQ(Value("5.5 % 2"), "1.5");
  EXPECT_EQ(Value("6 × 7 ÷ 2 − 1"), "20");
}

TEST(MathTest, DecimalsAreExact) {
  EXPECT_EQ(Value("0.1 + 0.2"), "0.3");
  EXPECT_EQ(Value("1.1 * 1.1"), "1.21");
  EXPECT_EQ(Value("0.3 / 0.1"), "3");
  EXPECT_EQ(Value("1 / 8"), "0.125");
  EXPECT_EQ(Value("100 * 1.15"), "115");
  EXPECT_EQ(Value("9007199254740993 + 0"), "9007199254740993");
  EXPECT_EQ(Value("2 ** 63"), "\"9223372036854775808\"");
  EXPECT_EQ(Value("2 ** 100"), "\"1267650600228229401496703205376\"");
  EXPECT_EQ(Value("12345678901234567890.5 * 2"), "\"24691357802469135781\"");
  EXPECT_EQ(Value("-0.0 * 5"), "0");
}

TEST(MathTest, WhatDoesNotEndIsTheNearestDouble) {
  EXPECT_EQ(Value("1 / 3"), "0.3333333333333333");
  EXPECT_EQ(Value("2 / 3"), "0.6666666666666666");
  EXPECT_EQ(Value("515695 / 303382"), "1.6998206881093803");
  EXPECT_EQ(Value("sqrt(2)"), "1.4142135623730951");
  EXPECT_EQ(Value("2 ** 0.5"), "1.4142135623730951");
}

TEST(MathTest, Functions) {
  EXPECT_EQ(Value("sqrt(144)"), "12");
  EXPECT_EQ(Value("sqrt(0.09)"), "0.3");
  EXPECT_EQ(Value("max(1, 2.5, -3)"), "2.5");
  EXPECT_EQ(Value("min(1,2)"), "1");
  EXPECT_EQ(Value("abs(-5)"), "5");
  EXPECT_EQ(Value("round(2.5)"), "3");
  EXPECT_EQ(Value("round(-2.5)"), "-3");
  EXPECT_EQ(Value("round(2 / 3, 2)"), "0.67");
  EXPECT_EQ(Value("round(1234, -2)"), "1200");
  EXPECT_EQ(Value("floor(-1.5)"), "-2");
  EXPECT_EQ(Value("ceil(1.2)"), "2");
  EXPECT_EQ(Value("avg(1, 2, 3, 4)"), "2.5");
  EXPECT_EQ(Value("sum(0.1, 0.2)"), "0.3");
  EXPECT_EQ(Value("log10(1000)"), "3.0");
  EXPECT_EQ(Value("round(pi, 4)"), "3.1416");
}

TEST(MathTest, ThousandsAreReadAsWrittenAndNeverGuessed) {
  EXPECT_EQ(Value("1,234,567.5 + 1"), "1234568.5");
  EXPECT_EQ(Value("sqrt(1,024)"), "32");
  EXPECT_EQ(Value("max(1,234, 567)"), "1234");
  EXPECT_EQ(Value("max((1,234), 5)"), "1234");
  EXPECT_THAT(Value("max(1,234,567)"), HasSubstr("put a space after those"));
  EXPECT_THAT(Value("1,5"), HasSubstr("comma"));
  EXPECT_THAT(Value("1,2345"), HasSubstr("comma"));
  EXPECT_THAT(Value("1234,567"), HasSubstr("comma"));
}

TEST(MathTest, ErrorsSayWhatAndWhere) {
  EXPECT_THAT(Value("5 km"), HasSubstr("unexpected 'k'; numbers have no units, at character 3"));
  EXPECT_THAT(Value("import + 1"), HasSubstr("'import' is not a number"));
  EXPECT_THAT(Value("1 / 0"), HasSubstr("division by zero"));
  EXPECT_THAT(Value("0 ** -1"), HasSubstr("division by zero"));
  EXPECT_THAT(Value("5 % 0"), HasSubstr("division by zero"));
  EXPECT_THAT(Value("sqrt(-1)"), HasSubstr("no real number"));
  EXPECT_THAT(Value("(1 + 2"), HasSubstr("not closed"));
  EXPECT_THAT(Value("max(1, 2"), HasSubstr("not closed"));
  EXPECT_THAT(Value("1 +"), HasSubstr("ends too soon"));
  EXPECT_THAT(Value(""), HasSubstr("ends too soon"));
  EXPECT_THAT(Value("2 3"), HasSubstr("unexpected '3'"));
  EXPECT_THAT(Value("pow(2)"), HasSubstr("takes 2 arguments, not 1"));
  EXPECT_THAT(Value("__import__('os')"), HasSubstr("unexpected '_'"));
  EXPECT_THAT(Value("$1 + 2"), HasSubstr("unexpected '$'"));
}

TEST(MathTest, NothingTakesLong) {
  EXPECT_THAT(Value("9 ** 9 ** 9"), HasSubstr("too large"));
  EXPECT_THAT(Value("1e999999999"), HasSubstr("digits"));
  EXPECT_THAT(Value("1e99999999999999999999"), HasSubstr("digits"));
  EXPECT_THAT(Value(std::string(5000, '(')), HasSubstr("nested too deeply"));
  EXPECT_THAT(Value("2" + std::string(3000, '^') + "2"), HasSubstr("unexpected"));
  std::string tower = "2";
  for (int i = 0; i < 1000; ++i) tower += "**1";
  EXPECT_THAT(Value(tower), HasSubstr("nested too deeply"));
  EXPECT_EQ(Value(std::string(4000, '-') + "1"), "1");
  EXPECT_THAT(Value(std::string(20'000, '1')), HasSubstr("longer than"));
  EXPECT_EQ(Value("1 ** 1000000000000"), "1");
}

// Against 128-bit integers, over numbers of every size.
TEST(DecimalTest, DivisionAgreesWithIntegers) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const int64_t a = static_cast<int64_t>(random() >> (random() % 63 + 1));
    const int64_t b = static_cast<int64_t>(random() >> (random() % 63 + 1)) + 1;
    ASSERT_EQ(Decimal::FloorDivide(Decimal(a), Decimal(b)).ToInt64(), a / b) << a << " / " << b;
    const Decimal product = Decimal(a) * Decimal(b) + Decimal(a % b);
    const Decimal quotient = Decimal::FloorDivide(product, Decimal(b));
    ASSERT_EQ(quotient.ToInt64(), a) << a << " * " << b;
    ASSERT_EQ((product - quotient * Decimal(b)).ToInt64(), a % b);
  }
}

TEST(DecimalTest, LongDivisionIsTheInverseOfMultiplication) {
  std::mt19937_64 random(8);
  const auto number = [&] {
    std::string digits = "1";
    for (size_t n = random() % 200; n > 0; --n)
      digits += "0123456789"[random() % 3 ? 0 : random() % 10];
    return *Decimal::Parse(digits, 1000);
  };
  for (int i = 0; i < 2000; ++i) {
    const Decimal a = number(), b = number();
    const Decimal quotient = Decimal::FloorDivide(a, b);
    const Decimal rest = a - quotient * b;
    ASSERT_FALSE(rest.negative()) << a.ToText() << " / " << b.ToText();
    ASSERT_LT(Decimal::Compare(rest, b), 0) << a.ToText() << " / " << b.ToText();
  }
}

TEST(DecimalTest, QuotientsAreTheNearestDoubles) {
  std::mt19937_64 random(9);
  for (int i = 0; i < 20'000; ++i) {
    const int64_t a = static_cast<int64_t>(random() >> 11),
                  b = static_cast<int64_t>(random() >> 11) + 1;
    ASSERT_EQ(Decimal::DivideToDouble(Decimal(a), Decimal(b)),
              static_cast<double>(a) / static_cast<double>(b));
  }
}

TEST(MathToolTest, TheFirstPropertyIsTheExpression) {
  ToolSpec spec;
  spec.description.name = "math";
  spec.description.input_schema = *ParseJson(
      R"({"type":"object","properties":{"problem":{"type":"string"},"context":{}}})", {});
  const auto tool = MakeMathTool(spec);
  ToolOutcome outcome;
  tool->StartCall({{"problem", "1 + 1"}}, {}, [&](ToolOutcome got) { outcome = std::move(got); });
  EXPECT_EQ(std::get<Json>(outcome), 2);
  tool->StartCall({{"expression", "1 + 1"}}, {},
                  [&](ToolOutcome got) { outcome = std::move(got); });
  EXPECT_THAT(std::get<ToolError>(outcome).message, HasSubstr("\"problem\" must be an expression"));
}

TEST(MathToolTest, WithoutASchemaItHasOne) {
  ToolSpec spec;
  spec.has_schema = false;
  const auto tool = MakeMathTool(spec);
  EXPECT_EQ(tool->description().input_schema["required"][0], "expression");
  ToolOutcome outcome;
  tool->StartCall({{"expression", 5}}, {}, [&](ToolOutcome got) { outcome = std::move(got); });
  EXPECT_EQ(std::get<Json>(outcome), 5);
}

}  // namespace
}  // namespace heddle
