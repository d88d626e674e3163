// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decimal numbers of any length, as people write them: 0.1 + 0.2 is 0.3. Sums, differences and
// products are exact; a quotient is where it ends.
//
// Thread-safety: values.

#ifndef HEDDLE_RUNTIME_TOOLS_DECIMAL_H_
#define HEDDLE_RUNTIME_TOOLS_DECIMAL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

class Decimal {
 public:
  Decimal() = default;  // 0
  explicit Decimal(int64_t value);
  // Digits with at most one point, no sign, then maybe "e" and an exponent. Nothing where the number
  // would take more than `max_digits`.
  static std::optional<Decimal> Parse(std::string_view text, int max_digits);

  bool is_zero() const { return limbs_.empty(); }
  bool negative() const { return negative_; }
  bool is_integer() const { return scale_ == 0; }
  int digits() const;  // all that writing it takes, without the point
  std::string ToText() const;
  double ToDouble() const;  // the nearest
  std::optional<int64_t> ToInt64() const;

  Decimal operator-() const;
  friend Decimal operator+(const Decimal& a, const Decimal& b);
  friend Decimal operator-(const Decimal& a, const Decimal& b) { return a + -b; }
  friend Decimal operator*(const Decimal& a, const Decimal& b);
  static int Compare(const Decimal& a, const Decimal& b);

  // The divisor is not zero. Nothing where the quotient has no end, or more than `max_digits`.
  static std::optional<Decimal> Divide(const Decimal& a, const Decimal& b, int max_digits);
  // The nearest to the true quotient.
  static double DivideToDouble(const Decimal& a, const Decimal& b);
  // The greatest integer that is not greater than the quotient.
  static Decimal FloorDivide(const Decimal& a, const Decimal& b);

 private:
  // Magnitude in limbs of nine digits, the least first, without zeros at the end.
  using Limbs = std::vector<uint32_t>;

  Decimal(bool negative, Limbs limbs, int scale);
  static Limbs Scaled(const Limbs& limbs, int tens);
  // Both as integers over the same power of ten.
  static void Align(const Decimal& a, const Decimal& b, Limbs& a_limbs, Limbs& b_limbs);

  bool negative_ = false;
  Limbs limbs_;
  int scale_ = 0;  // the value is limbs / 10^scale, and scale is the least that will do
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_DECIMAL_H_
