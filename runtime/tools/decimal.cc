// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/decimal.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace heddle {
namespace {

using Limbs = std::vector<uint32_t>;
constexpr uint32_t kBase = 1'000'000'000;

void Trim(Limbs& a) {
  while (!a.empty() && a.back() == 0) a.pop_back();
}

int CompareLimbs(const Limbs& a, const Limbs& b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  for (size_t i = a.size(); i-- > 0;) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}

Limbs AddLimbs(const Limbs& a, const Limbs& b) {
  Limbs sum(std::max(a.size(), b.size()) + 1);
  uint32_t carry = 0;
  for (size_t i = 0; i < sum.size(); ++i) {
    const uint32_t limb = carry + (i < a.size() ? a[i] : 0) + (i < b.size() ? b[i] : 0);
    sum[i] = limb % kBase;
    carry = limb / kBase;
  }
  Trim(sum);
  return sum;
}

// a >= b.
Limbs SubtractLimbs(const Limbs& a, const Limbs& b) {
  Limbs difference = a;
  int64_t borrow = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    int64_t limb = int64_t{a[i]} - borrow - (i < b.size() ? b[i] : 0);
    borrow = limb < 0;
    difference[i] = static_cast<uint32_t>(limb + borrow * kBase);
  }
  Trim(difference);
  return difference;
}

Limbs MultiplyLimbs(const Limbs& a, const Limbs& b) {
  Limbs product(a.size() + b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    uint64_t carry = 0;
    for (size_t j = 0; j < b.size() || carry; ++j) {
      const uint64_t limb = product[i + j] + carry + (j < b.size() ? uint64_t{a[i]} * b[j] : 0);
      product[i + j] = limb % kBase;
      carry = limb / kBase;
    }
  }
  Trim(product);
  return product;
}

uint32_t DivideBySmall(Limbs& a, uint32_t divisor) {
  uint64_t rest = 0;
  for (size_t i = a.size(); i-- > 0;) {
    rest = rest * kBase + a[i];
    a[i] = static_cast<uint32_t>(rest / divisor);
    rest %= divisor;
  }
  Trim(a);
  return static_cast<uint32_t>(rest);
}

// Limb `i` counted from the top of `size` of them.
uint32_t FromTop(const Limbs& a, size_t size, size_t i) {
  return size > i && size - 1 - i < a.size() ? a[size - 1 - i] : 0;
}

// Quotient; `rest` becomes the remainder of `a`.
Limbs DivideLimbs(const Limbs& a, const Limbs& b, Limbs& rest) {
  Limbs quotient(a.size());
  rest.clear();
  for (size_t i = a.size(); i-- > 0;) {
    rest.insert(rest.begin(), a[i]);
    Trim(rest);
    if (CompareLimbs(rest, b) < 0) continue;
    // From the first limbs, never too small and too great by little, which is taken back below.
    const size_t size = rest.size();
    unsigned __int128 top = FromTop(rest, size, 0);
    top = top * kBase + FromTop(rest, size, 1);
    uint64_t divisor = FromTop(b, b.size(), 0);
    if (b.size() > 1) divisor = divisor * kBase + FromTop(b, b.size(), 1);
    if (size > b.size())
      top = b.size() > 1 ? top * kBase + FromTop(rest, size, 2) : top;
    else if (b.size() == 1)
      top = FromTop(rest, size, 0);
    uint64_t digit = static_cast<uint64_t>(std::min<unsigned __int128>(top / divisor, kBase - 1));
    Limbs product = MultiplyLimbs(b, {static_cast<uint32_t>(digit)});
    while (CompareLimbs(product, rest) > 0) {
      product = SubtractLimbs(product, b);
      --digit;
    }
    rest = SubtractLimbs(rest, product);
    quotient[i] = static_cast<uint32_t>(digit);
  }
  Trim(quotient);
  return quotient;
}

std::string DigitsOf(const Limbs& limbs) {
  if (limbs.empty()) return "0";
  std::string text = absl::StrCat(limbs.back());
  for (size_t i = limbs.size() - 1; i-- > 0;) {
    absl::StrAppend(&text, absl::Dec(limbs[i], absl::kZeroPad9));
  }
  return text;
}

Limbs LimbsOf(std::string_view digits) {
  Limbs limbs;
  while (!digits.empty()) {
    const size_t count = std::min<size_t>(9, digits.size());
    uint32_t limb = 0;
    for (char c : digits.substr(digits.size() - count)) limb = limb * 10 + (c - '0');
    limbs.push_back(limb);
    digits.remove_suffix(count);
  }
  Trim(limbs);
  return limbs;
}

}  // namespace

Decimal::Decimal(int64_t value) : negative_(value < 0) {
  for (uint64_t rest = negative_ ? -static_cast<uint64_t>(value) : value; rest; rest /= kBase) {
    limbs_.push_back(static_cast<uint32_t>(rest % kBase));
  }
}

Decimal::Decimal(bool negative, Limbs limbs, int scale)
    : negative_(negative), limbs_(std::move(limbs)), scale_(scale) {
  Trim(limbs_);
  while (scale_ > 0 && !limbs_.empty() && limbs_[0] % 10 == 0) {
    DivideBySmall(limbs_, 10);
    --scale_;
  }
  if (limbs_.empty()) negative_ = false, scale_ = 0;
}

std::optional<Decimal> Decimal::Parse(std::string_view text, int max_digits) {
  const size_t e = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, e);
  int exponent = 0;
  if (e != std::string_view::npos) {
    const std::string written(text.substr(e + 1));
    // More digits than an int has are more than `max_digits` too.
    if (!absl::SimpleAtoi(written, &exponent)) return std::nullopt;
  }
  const size_t point = mantissa.find('.');
  std::string digits(mantissa);
  if (point != std::string_view::npos) digits.erase(point, 1);
  const int64_t scale =
      (point == std::string_view::npos ? 0 : int64_t(mantissa.size() - point - 1)) - exponent;
  if (digits.size() > size_t(max_digits) || std::abs(scale) > max_digits) return std::nullopt;
  Limbs limbs = LimbsOf(digits);
  Decimal value(false, scale < 0 ? Scaled(limbs, -scale) : std::move(limbs),
                std::max<int>(0, scale));
  if (value.digits() > max_digits) return std::nullopt;
  return value;
}

Limbs Decimal::Scaled(const Limbs& limbs, int tens) {
  Limbs power(tens / 9 + 1);
  uint32_t top = 1;
  for (int i = 0; i < tens % 9; ++i) top *= 10;
  power.back() = top;
  return MultiplyLimbs(limbs, power);
}

void Decimal::Align(const Decimal& a, const Decimal& b, Limbs& a_limbs, Limbs& b_limbs) {
  const int scale = std::max(a.scale_, b.scale_);
  a_limbs = Scaled(a.limbs_, scale - a.scale_);
  b_limbs = Scaled(b.limbs_, scale - b.scale_);
}

int Decimal::digits() const {
  return std::max<int>(static_cast<int>(DigitsOf(limbs_).size()), scale_ + 1);
}

std::string Decimal::ToText() const {
  std::string text = DigitsOf(limbs_);
  if (scale_ > 0) {
    if (text.size() <= size_t(scale_)) text.insert(0, scale_ + 1 - text.size(), '0');
    text.insert(text.size() - scale_, ".");
  }
  return negative_ ? "-" + text : text;
}

double Decimal::ToDouble() const {
  double value = 0;
  (void)absl::SimpleAtod(ToText(), &value);
  return value;
}

std::optional<int64_t> Decimal::ToInt64() const {
  int64_t value;
  if (is_integer() && absl::SimpleAtoi(ToText(), &value)) return value;
  return std::nullopt;
}

Decimal Decimal::operator-() const { return Decimal(!negative_, limbs_, scale_); }

Decimal operator+(const Decimal& a, const Decimal& b) {
  Limbs x, y;
  Decimal::Align(a, b, x, y);
  const int scale = std::max(a.scale_, b.scale_);
  if (a.negative_ == b.negative_) return Decimal(a.negative_, AddLimbs(x, y), scale);
  return CompareLimbs(x, y) >= 0 ? Decimal(a.negative_, SubtractLimbs(x, y), scale)
                                 : Decimal(b.negative_, SubtractLimbs(y, x), scale);
}

Decimal operator*(const Decimal& a, const Decimal& b) {
  return Decimal(a.negative_ != b.negative_, MultiplyLimbs(a.limbs_, b.limbs_),
                 a.scale_ + b.scale_);
}

int Decimal::Compare(const Decimal& a, const Decimal& b) {
  const Decimal difference = a - b;
  return difference.is_zero() ? 0 : difference.negative() ? -1 : 1;
}

std::optional<Decimal> Decimal::Divide(const Decimal& a, const Decimal& b, int max_digits) {
  Limbs x, y, rest;
  Align(a, b, x, y);
  // A fraction ends where its denominator divides a power of ten; `max_digits` of them are tried.
  Limbs quotient = DivideLimbs(Scaled(x, max_digits), y, rest);
  if (!rest.empty()) return std::nullopt;
  Decimal result(a.negative_ != b.negative_, std::move(quotient), max_digits);
  if (result.digits() > max_digits) return std::nullopt;
  return result;
}

double Decimal::DivideToDouble(const Decimal& a, const Decimal& b) {
  Limbs x, y, rest;
  Align(a, b, x, y);
  // So many places that the quotient has forty digits or more; one after them stands for the rest,
  // so that the text rounds as the true quotient does.
  const int places = std::max<int>(0, 9 * (int(y.size()) - int(x.size())) + 50);
  const Limbs quotient = DivideLimbs(Scaled(x, places), y, rest);
  const std::string text = absl::StrCat(a.negative_ != b.negative_ ? "-" : "", DigitsOf(quotient),
                                        rest.empty() ? "0" : "1", "e", -(places + 1));
  double value = 0;
  (void)absl::SimpleAtod(text, &value);
  return value;
}

Decimal Decimal::FloorDivide(const Decimal& a, const Decimal& b) {
  Limbs x, y, rest;
  Align(a, b, x, y);
  Limbs quotient = DivideLimbs(x, y, rest);
  const bool negative = a.negative_ != b.negative_;
  if (negative && !rest.empty()) quotient = AddLimbs(quotient, {1});
  return Decimal(negative, std::move(quotient), 0);
}

}  // namespace heddle
