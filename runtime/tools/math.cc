// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/math.h"

#include <numbers>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"
#include "runtime/tools/math_number.h"

namespace heddle {
namespace {

constexpr size_t kMaxLength = 10'000;
constexpr int kMaxDepth = 100;

// What a comma between digits is.
enum class Commas { kThousands, kUnclear };

class MathParser {
 public:
  explicit MathParser(std::string_view text) : text_(text) {}

  absl::StatusOr<MathNumber> Parse() {
    HEDDLE_ASSIGN_OR_RETURN(MathNumber value, ParseSum());
    SkipSpaces();
    if (at_ < text_.size()) return Unexpected();
    return value;
  }

 private:
  using Result = absl::StatusOr<MathNumber>;

  Result ParseSum() {
    if (++depth_ > kMaxDepth) return Error("nested too deeply");
    HEDDLE_ASSIGN_OR_RETURN(MathNumber value, ParseProduct());
    while (true) {
      const std::string_view operation = TakeOneOf({"+", "-"});
      if (operation.empty()) break;
      HEDDLE_ASSIGN_OR_RETURN(const MathNumber right, ParseProduct());
      HEDDLE_ASSIGN_OR_RETURN(value, ApplyOperator(operation, value, right));
    }
    --depth_;
    return value;
  }

  Result ParseProduct() {
    HEDDLE_ASSIGN_OR_RETURN(MathNumber value, ParseSigned());
    while (true) {
      if (Peek("**")) return Unexpected();
      const std::string_view operation = TakeOneOf({"*", "//", "/", "%"});
      if (operation.empty()) return value;
      HEDDLE_ASSIGN_OR_RETURN(const MathNumber right, ParseSigned());
      HEDDLE_ASSIGN_OR_RETURN(value, ApplyOperator(operation, value, right));
    }
  }

  // -2 ** 2 is -4, and 2 ** -1 is a half.
  Result ParseSigned() {
    bool negative = false;
    for (std::string_view sign; !(sign = TakeOneOf({"-", "+"})).empty();) negative ^= sign == "-";
    HEDDLE_ASSIGN_OR_RETURN(MathNumber value, ParsePower());
    return negative ? Negated(value) : value;
  }

  Result ParsePower() {
    HEDDLE_ASSIGN_OR_RETURN(const MathNumber base, ParseAtom());
    if (TakeOneOf({"**", "^"}).empty()) return base;
    if (++depth_ > kMaxDepth) return Error("nested too deeply");
    HEDDLE_ASSIGN_OR_RETURN(const MathNumber exponent, ParseSigned());
    --depth_;
    return ApplyOperator("**", base, exponent);
  }

  Result ParseAtom() {
    SkipSpaces();
    if (at_ == text_.size()) return Error("the expression ends too soon");
    const char c = text_[at_];
    if (absl::ascii_isdigit(c) || c == '.') return ParseNumber();
    if (absl::ascii_isalpha(c)) return ParseName();
    if (c != '(') return Unexpected();
    ++at_;
    const Commas outside = std::exchange(commas_, Commas::kThousands);
    HEDDLE_ASSIGN_OR_RETURN(const MathNumber value, ParseSum());
    commas_ = outside;
    if (TakeOneOf({")"}).empty()) return Error("a parenthesis is not closed");
    return value;
  }

  Result ParseName() {
    const size_t start = at_;
    while (at_ < text_.size() && absl::ascii_isalnum(text_[at_])) ++at_;
    const std::string_view name = text_.substr(start, at_ - start);
    if (name == "pi") return std::numbers::pi;
    if (name == "e") return std::numbers::e;
    const MathFunction* function = FindMathFunction(name);
    if (!function) {
      at_ = start;
      return Error(absl::StrCat("'", Absl(name), "' is not a number, pi, e, or one of ",
                                MathFunctionNames(), "; numbers have no units"));
    }
    if (TakeOneOf({"("}).empty()) return Error(absl::StrCat("'(' must follow ", function->name));
    return ParseCall(*function);
  }

  Result ParseCall(const MathFunction& function) {
    const Commas outside = std::exchange(
        commas_, function.most == 1 || HasSpacedComma() ? Commas::kThousands : Commas::kUnclear);
    std::vector<MathNumber> arguments;
    do {
      HEDDLE_ASSIGN_OR_RETURN(MathNumber argument, ParseSum());
      arguments.push_back(std::move(argument));
    } while (!TakeOneOf({","}).empty());
    commas_ = outside;
    if (TakeOneOf({")"}).empty()) {
      return at_ < text_.size() ? Result(Unexpected()) : Error("a parenthesis is not closed");
    }
    if (arguments.size() < function.least || arguments.size() > function.most) {
      return Error(absl::StrCat(
          function.name, " takes ", function.least,
          function.most > function.least ? absl::StrCat(" to ", function.most) : std::string(),
          " arguments, not ", arguments.size()));
    }
    return function.apply(arguments);
  }

  // Whether the arguments that begin here are separated by commas with spaces after them, so that
  // one without belongs to a number.
  bool HasSpacedComma() const {
    int depth = 0;
    for (size_t i = at_; i < text_.size() && depth >= 0; ++i) {
      depth += (text_[i] == '(') - (text_[i] == ')');
      if (depth == 0 && text_[i] == ',' && i + 1 < text_.size() && text_[i + 1] == ' ') return true;
    }
    return false;
  }

  Result ParseNumber() {
    const size_t start = at_;
    std::string digits = TakeDigits();
    if (!digits.empty() && digits.size() <= 3 && StartsGroup()) {
      if (commas_ == Commas::kUnclear) {
        return Error(
            "a comma here may separate arguments or thousands; put a space after those "
            "that separate arguments");
      }
      while (StartsGroup()) {
        ++at_;
        digits += TakeDigits();
      }
    }
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      digits += "." + TakeDigits();
    }
    if (digits == ".") return Unexpected();
    digits += TakeExponent();
    std::optional<Decimal> value = Decimal::Parse(digits, kMaxMathDigits);
    if (!value) {
      at_ = start;
      return Error(absl::StrCat("the number has more than ", kMaxMathDigits, " digits"));
    }
    return *std::move(value);
  }

  std::string TakeDigits() {
    const size_t start = at_;
    while (at_ < text_.size() && absl::ascii_isdigit(text_[at_])) ++at_;
    return std::string(text_.substr(start, at_ - start));
  }

  // "e" with digits after it; else it is the constant, or part of a word.
  std::string TakeExponent() {
    const std::string_view rest = text_.substr(at_);
    if (rest.empty() || absl::ascii_tolower(rest[0]) != 'e') return "";
    const size_t sign = rest.size() > 1 && (rest[1] == '+' || rest[1] == '-');
    if (rest.size() < 2 + sign || !absl::ascii_isdigit(rest[1 + sign])) return "";
    at_ += 1 + sign;
    return absl::StrCat("e", sign && rest[1] == '-' ? "-" : "", TakeDigits());
  }

  // A comma and exactly three digits.
  bool StartsGroup() const {
    const std::string_view rest = text_.substr(at_);
    if (rest.size() < 4 || rest[0] != ',') return false;
    for (int i = 1; i <= 3; ++i) {
      if (!absl::ascii_isdigit(rest[i])) return false;
    }
    return rest.size() == 4 || !absl::ascii_isdigit(rest[4]);
  }

  void SkipSpaces() {
    while (at_ < text_.size() && absl::ascii_isspace(text_[at_])) ++at_;
  }

  bool Peek(std::string_view symbol) {
    SkipSpaces();
    return text_.substr(at_).starts_with(symbol);
  }

  // The first that is there.
  std::string_view TakeOneOf(std::initializer_list<std::string_view> symbols) {
    for (std::string_view symbol : symbols) {
      if (!Peek(symbol)) continue;
      at_ += symbol.size();
      return symbol;
    }
    return {};
  }

  absl::Status Unexpected() const {
    if (at_ >= text_.size()) return Error("the expression ends too soon");
    if (text_[at_] == ',') return Error("a comma only separates thousands or arguments");
    size_t end = at_ + 1;
    while (end < text_.size() && (text_[end] & 0xC0) == 0x80) ++end;
    return Error(absl::StrCat("unexpected '", Absl(text_.substr(at_, end - at_)), "'",
                              absl::ascii_isalpha(text_[at_]) ? "; numbers have no units" : ""));
  }

  absl::Status Error(std::string_view message) const {
    constexpr size_t kShown = 100;
    return absl::InvalidArgumentError(absl::StrCat(Absl(message), ", at character ", at_ + 1,
                                                   " of '", Absl(text_.substr(0, kShown)),
                                                   text_.size() > kShown ? "...'" : "'"));
  }

  const std::string_view text_;
  size_t at_ = 0;  // where messages point
  int depth_ = 0;
  Commas commas_ = Commas::kThousands;
};

}  // namespace

absl::StatusOr<Json> EvaluateMath(std::string_view expression) {
  if (expression.size() > kMaxLength) {
    return absl::InvalidArgumentError(
        absl::StrCat("the expression is longer than ", kMaxLength, " characters"));
  }
  // The signs of print.
  const std::string text = absl::StrReplaceAll(
      Absl(expression), {{"×", "*"}, {"÷", "/"}, {"−", "-"}, {"·", "*"}, {"\u00a0", " "}});
  HEDDLE_ASSIGN_OR_RETURN(const MathNumber value, MathParser(text).Parse());
  return MathResult(value);
}

}  // namespace heddle
