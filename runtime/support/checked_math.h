// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Size arithmetic that says so when it overflows. Sizes come from files and callers, so every
// product of dimensions in the runtime goes through here.

#ifndef HEDDLE_RUNTIME_SUPPORT_CHECKED_MATH_H_
#define HEDDLE_RUNTIME_SUPPORT_CHECKED_MATH_H_

#include <cstdint>
#include <limits>
#include <optional>

#include "absl/types/span.h"
#include "runtime/tensor/element_type.h"

namespace heddle {

inline std::optional<int64_t> CheckedAdd(int64_t a, int64_t b) {
  int64_t sum;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

inline std::optional<int64_t> CheckedMul(int64_t a, int64_t b) {
  int64_t product;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

// Rounds towards negative infinity. INT64_MIN / -1 overflows.
inline std::optional<int64_t> CheckedFloorDiv(int64_t a, int64_t b) {
  if (b == 0 || (a == std::numeric_limits<int64_t>::min() && b == -1)) return std::nullopt;
  int64_t quotient = a / b;
  return quotient - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}

// Rounds towards positive infinity.
inline std::optional<int64_t> CheckedCeilDiv(int64_t a, int64_t b) {
  if (b == 0 || (a == std::numeric_limits<int64_t>::min() && b == -1)) return std::nullopt;
  int64_t quotient = a / b;
  return quotient + ((a % b != 0 && (a < 0) == (b < 0)) ? 1 : 0);
}

// The sign of the divisor, so that a == FloorDiv(a, b) * b + Mod(a, b).
inline std::optional<int64_t> CheckedMod(int64_t a, int64_t b) {
  if (b == 0) return std::nullopt;
  if (b == -1) return 0;
  int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

// Bytes of a dense tensor; none where a dimension is negative or the size does not fit. A zero
// among the dimensions makes the tensor empty however large the others are, except that their
// product without the zeros must still fit: code that divides by it relies on that.
inline std::optional<int64_t> CheckedTensorBytes(ElementType type, absl::Span<const int64_t> dims) {
  int64_t product = 1;
  bool empty = false;
  for (int64_t dim : dims) {
    if (dim < 0) return std::nullopt;
    if (dim == 0) {
      empty = true;
      continue;
    }
    if (__builtin_mul_overflow(product, dim, &product)) return std::nullopt;
  }
  int64_t bits = ElementBits(type);
  if (bits == 0 && type != ElementType::kUndefined) return std::nullopt;
  int64_t total;
  if (__builtin_mul_overflow(product, bits, &total)) return std::nullopt;
  // Room for alignment and for sums of many sizes without a check at each.
  constexpr int64_t kLargest = int64_t{1} << 56;
  if (total / 8 >= kLargest) return std::nullopt;
  return empty ? 0 : (total + 7) / 8;
}

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_SUPPORT_CHECKED_MATH_H_
