// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/math_number.h"

#include <cmath>
#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "runtime/support/status_macros.h"

namespace heddle {
namespace {

// A quotient with more digits than this is rounded: nobody divides to see forty of them.
constexpr int kMaxQuotientDigits = 34;

using Result = absl::StatusOr<MathNumber>;
using Arguments = std::vector<MathNumber>;

double AsDouble(const MathNumber& number) {
  if (const auto* decimal = std::get_if<Decimal>(&number)) return decimal->ToDouble();
  return std::get<double>(number);
}

Result Checked(double value) {
  if (std::isnan(value)) return absl::InvalidArgumentError("the result is no real number");
  if (std::isinf(value)) return absl::InvalidArgumentError("the result is too large");
  return value;
}

Result Checked(Decimal value) {
  if (value.digits() > kMaxMathDigits) {
    return absl::InvalidArgumentError(
        absl::StrCat("a number on the way has more than ", kMaxMathDigits, " digits"));
  }
  return value;
}

Result Divide(const Decimal& a, const Decimal& b) {
  if (std::optional<Decimal> exact = Decimal::Divide(a, b, kMaxQuotientDigits)) return *exact;
  return Checked(Decimal::DivideToDouble(a, b));
}

Result Power(const Decimal& base, const Decimal& exponent) {
  const std::optional<int64_t> whole = exponent.ToInt64();
  if (!whole) {
    if (!exponent.is_integer() || base.is_zero()) {
      return Checked(std::pow(base.ToDouble(), exponent.ToDouble()));
    }
    return absl::InvalidArgumentError("the exponent is too large");
  }
  if (*whole < 0 && base.is_zero()) return absl::InvalidArgumentError("division by zero");
  // One, minus one and zero aside, each step of the exponent adds digits.
  const uint64_t steps = *whole < 0 ? -static_cast<uint64_t>(*whole) : *whole;
  Decimal power(1), square = base;
  for (uint64_t left = steps; left > 0; left >>= 1) {
    if (left & 1) power = power * square;
    if (power.digits() > kMaxMathDigits || square.digits() > kMaxMathDigits) {
      return Checked(std::pow(base.ToDouble(), exponent.ToDouble()));
    }
    if (left > 1) square = square * square;
  }
  return *whole < 0 ? Divide(Decimal(1), power) : Result(power);
}

Result ApplyToDoubles(std::string_view operation, double a, double b) {
  if (operation == "+") return Checked(a + b);
  if (operation == "-") return Checked(a - b);
  if (operation == "*") return Checked(a * b);
  if (operation == "**") {
    if (a == 0 && b < 0) return absl::InvalidArgumentError("division by zero");
    return Checked(std::pow(a, b));
  }
  if (b == 0) return absl::InvalidArgumentError("division by zero");
  if (operation == "/") return Checked(a / b);
  const double rest = std::fmod(a, b);
  if (operation == "//") return Checked(std::floor(a / b));
  return Checked(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest);
}

// Half away from zero, as at school.
Decimal RoundToPlaces(const Decimal& value, int places) {
  const Decimal unit = *Decimal::Parse(absl::StrCat("1e", -places), kMaxMathDigits);
  const Decimal half = unit * *Decimal::Parse("0.5", 2);
  const Decimal size = value.negative() ? -value : value;
  const Decimal rounded = Decimal::FloorDivide(size + half, unit) * unit;
  return value.negative() ? -rounded : rounded;
}

// Exact also for doubles: what a double prints as is what people see of it.
absl::StatusOr<Decimal> AsDecimal(const MathNumber& number) {
  if (const auto* decimal = std::get_if<Decimal>(&number)) return *decimal;
  const double value = std::get<double>(number);
  std::optional<Decimal> decimal = Decimal::Parse(ToText(Json(std::abs(value))), kMaxMathDigits);
  if (!decimal) return absl::InvalidArgumentError("the number is too large to round");
  return value < 0 ? -*decimal : *decimal;
}

Result Round(const Arguments& a) {
  HEDDLE_ASSIGN_OR_RETURN(const Decimal value, AsDecimal(a[0]));
  int64_t places = 0;
  if (a.size() > 1) {
    const auto* given = std::get_if<Decimal>(&a[1]);
    places = given ? given->ToInt64().value_or(1000) : 1000;
    if (std::abs(places) > 300) {
      return absl::InvalidArgumentError("the places to round to are a whole number to 300");
    }
  }
  return RoundToPlaces(value, static_cast<int>(places));
}

Result Floor(const Arguments& a) {
  HEDDLE_ASSIGN_OR_RETURN(const Decimal value, AsDecimal(a[0]));
  return Decimal::FloorDivide(value, Decimal(1));
}

Result Ceil(const Arguments& a) {
  HEDDLE_ASSIGN_OR_RETURN(const Decimal value, AsDecimal(a[0]));
  return -Decimal::FloorDivide(-value, Decimal(1));
}

Result Abs(const Arguments& a) {
  if (const auto* decimal = std::get_if<Decimal>(&a[0])) {
    return decimal->negative() ? -*decimal : *decimal;
  }
  return std::abs(std::get<double>(a[0]));
}

bool Less(const MathNumber& a, const MathNumber& b) {
  const auto* x = std::get_if<Decimal>(&a);
  const auto* y = std::get_if<Decimal>(&b);
  return x && y ? Decimal::Compare(*x, *y) < 0 : AsDouble(a) < AsDouble(b);
}

Result Min(const Arguments& a) { return *std::min_element(a.begin(), a.end(), Less); }
Result Max(const Arguments& a) { return *std::max_element(a.begin(), a.end(), Less); }

Result Sum(const Arguments& a) {
  MathNumber sum = Decimal();
  for (const MathNumber& number : a) {
    HEDDLE_ASSIGN_OR_RETURN(sum, ApplyOperator("+", sum, number));
  }
  return sum;
}

Result Mean(const Arguments& a) {
  HEDDLE_ASSIGN_OR_RETURN(const MathNumber sum, Sum(a));
  return ApplyOperator("/", sum, Decimal(static_cast<int64_t>(a.size())));
}

// Exact where the root is: that of 144 is 12, and of 0.09 is 0.3.
Result Sqrt(const Arguments& a) {
  const double root = std::sqrt(AsDouble(a[0]));
  const auto* square = std::get_if<Decimal>(&a[0]);
  if (square && std::isfinite(root)) {
    const std::optional<Decimal> decimal = Decimal::Parse(ToText(Json(root)), kMaxMathDigits);
    if (decimal && Decimal::Compare(*decimal * *decimal, *square) == 0) return *decimal;
  }
  return Checked(root);
}

Result Pow(const Arguments& a) { return ApplyOperator("**", a[0], a[1]); }

Result Log(const Arguments& a) {
  const double x = AsDouble(a[0]);
  if (x <= 0) return absl::InvalidArgumentError("only positive numbers have a logarithm");
  if (a.size() == 1) return Checked(std::log(x));
  const double base = AsDouble(a[1]);
  if (base == 2) return Checked(std::log2(x));
  if (base == 10) return Checked(std::log10(x));
  return Checked(std::log(x) / std::log(base));
}

template <double (*function)(double)>
Result OfDouble(const Arguments& a) {
  return Checked(function(AsDouble(a[0])));
}

constexpr MathFunction kFunctions[] = {
    {"abs", 1, 1, &Abs},
    {"avg", 1, 1000, &Mean},
    {"ceil", 1, 1, &Ceil},
    {"cos", 1, 1, &OfDouble<std::cos>},
    {"exp", 1, 1, &OfDouble<std::exp>},
    {"floor", 1, 1, &Floor},
    {"ln", 1, 1, &Log},
    {"log", 1, 2, &Log},
    {"log10", 1, 1,
     [](const Arguments& a) {
       return Log({a[0], Decimal(10)});
     }},
    {"log2", 1, 1,
     [](const Arguments& a) {
       return Log({a[0], Decimal(2)});
     }},
    {"max", 1, 1000, &Max},
    {"mean", 1, 1000, &Mean},
    {"min", 1, 1000, &Min},
    {"pow", 2, 2, &Pow},
    {"round", 1, 2, &Round},
    {"sin", 1, 1, &OfDouble<std::sin>},
    {"sqrt", 1, 1, &Sqrt},
    {"sum", 1, 1000, &Sum},
    {"tan", 1, 1, &OfDouble<std::tan>},
};

}  // namespace

absl::StatusOr<MathNumber> ApplyOperator(std::string_view operation, const MathNumber& a,
                                         const MathNumber& b) {
  const auto* x = std::get_if<Decimal>(&a);
  const auto* y = std::get_if<Decimal>(&b);
  if (!x || !y) return ApplyToDoubles(operation, AsDouble(a), AsDouble(b));
  if (operation == "+") return Checked(*x + *y);
  if (operation == "-") return Checked(*x - *y);
  if (operation == "*") return Checked(*x * *y);
  if (operation == "**") return Power(*x, *y);
  if (y->is_zero()) return absl::InvalidArgumentError("division by zero");
  if (operation == "/") return Divide(*x, *y);
  const Decimal quotient = Decimal::FloorDivide(*x, *y);
  if (operation == "//") return Checked(quotient);
  return Checked(*x - quotient * *y);
}

MathNumber Negated(const MathNumber& a) {
  if (const auto* decimal = std::get_if<Decimal>(&a)) return -*decimal;
  return -std::get<double>(a);
}

const MathFunction* FindMathFunction(std::string_view name) {
  for (const MathFunction& function : kFunctions) {
    if (name == function.name) return &function;
  }
  return nullptr;
}

std::string MathFunctionNames() {
  std::string names;
  for (const MathFunction& function : kFunctions) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", function.name);
  }
  return names;
}

Json MathResult(const MathNumber& number) {
  const auto* decimal = std::get_if<Decimal>(&number);
  if (!decimal) return std::get<double>(number);
  if (const std::optional<int64_t> whole = decimal->ToInt64()) return *whole;
  const double nearest = decimal->ToDouble();
  const std::optional<Decimal> back =
      std::isfinite(nearest) ? Decimal::Parse(ToText(Json(std::abs(nearest))), kMaxMathDigits)
                             : std::nullopt;
  const bool all_said =
      back && Decimal::Compare(*back, decimal->negative() ? -*decimal : *decimal) == 0;
  if (all_said && !decimal->is_integer()) return nearest;
  return decimal->ToText();
}

}  // namespace heddle
