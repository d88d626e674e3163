// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic that is defined for every value: integers wrap, NaN wins comparisons.

#ifndef HEDDLE_RUNTIME_LIBRARY_ARITHMETIC_H_
#define HEDDLE_RUNTIME_LIBRARY_ARITHMETIC_H_

#include <cmath>
#include <cstdint>
#include <type_traits>

namespace heddle::library {

template <typename T>
bool IsNan(T x) {
  if constexpr (std::is_floating_point_v<T>) return std::isnan(x);
  return false;
}

template <typename T>
T Add(T a, T b) {
  if constexpr (std::is_same_v<T, bool>) {
    return a || b;
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  } else {
    return a + b;
  }
}

template <typename T>
T Multiply(T a, T b) {
  if constexpr (std::is_same_v<T, bool>) {
    return a && b;
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  } else {
    return a * b;
  }
}

template <typename T>
T Maximum(T a, T b) {
  return IsNan(a) || a > b ? a : b;
}

template <typename T>
T Minimum(T a, T b) {
  return IsNan(a) || a < b ? a : b;
}

// A total order of numbers: NaN is above everything and equal to itself.
template <typename T>
int Compare(T a, T b) {
  if (IsNan(a) || IsNan(b)) return static_cast<int>(IsNan(a)) - static_cast<int>(IsNan(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

inline int64_t CeilDiv(int64_t a, int64_t b) { return a / b + (a % b != 0 && (a > 0) == (b > 0)); }
inline int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a > 0) != (b > 0)); }
// The remainder in [0, b), for b > 0.
inline int64_t FloorMod(int64_t a, int64_t b) {
  int64_t r = a % b;
  return r < 0 ? r + b : r;
}

}  // namespace heddle::library

#endif  // HEDDLE_RUNTIME_LIBRARY_ARITHMETIC_H_
