// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The number formats C++ lacks, as types that hold their bits: float16, bfloat16, the four 8-bit
// floats, float4e2m1, int4 and uint4 (the last three one per byte here; tensors pack two).
// Each converts to float exactly, and from double with one rounding to nearest, ties to even.

#ifndef HEDDLE_RUNTIME_LIBRARY_NUMBER_FORMATS_H_
#define HEDDLE_RUNTIME_LIBRARY_NUMBER_FORMATS_H_

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace heddle::library {

// What the codes above the largest finite one mean.
enum class SpecialValues {
  kIeee,          // infinities and NaNs at the largest exponent
  kNanOnly,       // one NaN per sign, at the largest code; no infinity
  kNegativeZero,  // one NaN, where -0 would be; no infinity (the "FNUZ" formats)
  kNone,
};

template <int kExponentBits, int kMantissaBits, int kBias, SpecialValues kSpecials>
struct SmallFloat {
  static constexpr int kBits = 1 + kExponentBits + kMantissaBits;
  using Storage = std::conditional_t<(kBits > 8), uint16_t, uint8_t>;
  static constexpr uint32_t kSign = 1u << (kBits - 1);
  static constexpr uint32_t kExponentField = ((1u << kExponentBits) - 1) << kMantissaBits;
  static constexpr uint32_t kLargest = kSpecials == SpecialValues::kIeee      ? kExponentField - 1
                                       : kSpecials == SpecialValues::kNanOnly ? kSign - 2
                                                                              : kSign - 1;

  Storage bits = 0;

  SmallFloat() = default;
  explicit SmallFloat(double value) : bits(Encode(value, kSpecials == SpecialValues::kNone)) {}
  explicit SmallFloat(float value) : SmallFloat(static_cast<double>(value)) {}
  static SmallFloat FromBits(uint32_t code) {
    SmallFloat result;
    result.bits = static_cast<Storage>(code);
    return result;
  }
  static SmallFloat Saturated(double value) { return FromBits(Encode(value, true)); }

  explicit operator float() const {
    uint32_t magnitude = bits & (kSign - 1);
    bool negative = bits & kSign;
    if constexpr (kSpecials == SpecialValues::kIeee) {
      if (magnitude >= kExponentField) {
        if (magnitude > kExponentField) return std::numeric_limits<float>::quiet_NaN();
        float inf = std::numeric_limits<float>::infinity();
        return negative ? -inf : inf;
      }
    } else if constexpr (kSpecials == SpecialValues::kNanOnly) {
      if (magnitude == kSign - 1) return std::numeric_limits<float>::quiet_NaN();
    } else if constexpr (kSpecials == SpecialValues::kNegativeZero) {
      if (bits == kSign) return std::numeric_limits<float>::quiet_NaN();
    }
    uint32_t exponent = magnitude >> kMantissaBits;
    uint32_t mantissa = magnitude & ((1u << kMantissaBits) - 1);
    float value;
    if (exponent == 0) {
      value = std::ldexp(static_cast<float>(mantissa), 1 - kBias - kMantissaBits);
    } else {
      value = std::bit_cast<float>(((exponent + (127 - kBias)) << 23) |
                                   (mantissa << (23 - kMantissaBits)));
    }
    return negative ? -value : value;
  }
  explicit operator double() const { return static_cast<float>(*this); }

 private:
  static Storage Encode(double value, bool saturate) {
    uint32_t sign = std::signbit(value) ? kSign : 0;
    if (std::isnan(value)) return static_cast<Storage>(NotANumber(sign));
    double magnitude = std::fabs(value);
    uint32_t code = kLargest + 1;
    if (std::isfinite(magnitude)) {
      int exponent = magnitude == 0 ? 1 - kBias : std::max(std::ilogb(magnitude), 1 - kBias);
      if (exponent <= kBias + 2) {
        // The significand with its leading bit; a carry out of it lands in the exponent.
        double q = std::nearbyint(std::ldexp(magnitude, kMantissaBits - exponent));
        code = (static_cast<uint32_t>(exponent + kBias - 1) << kMantissaBits) +
               static_cast<uint32_t>(q);
      }
    }
    if (code > kLargest) {
      if (saturate) {
        code = kLargest;
      } else if constexpr (kSpecials == SpecialValues::kIeee) {
        code = kExponentField;
      } else {
        return static_cast<Storage>(NotANumber(sign));
      }
    }
    if (kSpecials == SpecialValues::kNegativeZero && code == 0) sign = 0;
    return static_cast<Storage>(sign | code);
  }

  static constexpr uint32_t NotANumber(uint32_t sign) {
    switch (kSpecials) {
      case SpecialValues::kIeee:
        return sign | kExponentField | (1u << (kMantissaBits - 1));
      case SpecialValues::kNanOnly:
        return sign | (kSign - 1);
      case SpecialValues::kNegativeZero:
        return kSign;
      case SpecialValues::kNone:
        return kSign;
    }
    return 0;
  }
};

using Float8E4M3FN = SmallFloat<4, 3, 7, SpecialValues::kNanOnly>;
using Float8E4M3FNUZ = SmallFloat<4, 3, 8, SpecialValues::kNegativeZero>;
using Float8E5M2 = SmallFloat<5, 2, 15, SpecialValues::kIeee>;
using Float8E5M2FNUZ = SmallFloat<5, 2, 16, SpecialValues::kNegativeZero>;
using Float4E2M1 = SmallFloat<2, 1, 1, SpecialValues::kNone>;

struct Float16 : SmallFloat<5, 10, 15, SpecialValues::kIeee> {
  using Base = SmallFloat<5, 10, 15, SpecialValues::kIeee>;
  Float16() = default;
  explicit Float16(double value) : Base(value) {}
  explicit Float16(float value) { bits = Encode(value); }
  explicit operator float() const { return Base::operator float(); }
  explicit operator double() const { return Base::operator float(); }

 private:
  // The common case by integer arithmetic.
  static uint16_t Encode(float value) {
    uint32_t word = std::bit_cast<uint32_t>(value);
    uint32_t sign = (word >> 16) & 0x8000;
    word &= 0x7fffffff;
    if (word < 0x38800000 || word >= 0x47800000) {
      return Base(static_cast<double>(value)).bits;
    }
    word += 0xc8000fff + ((word >> 13) & 1);  // rebias by 15 - 127, round to even
    return static_cast<uint16_t>(sign | (word >> 13));
  }
};

struct BFloat16 {
  uint16_t bits = 0;
  BFloat16() = default;
  explicit BFloat16(float value) {
    uint32_t word = std::bit_cast<uint32_t>(value);
    if (std::isnan(value)) {
      bits = static_cast<uint16_t>((word >> 16) | 0x40);
    } else {
      bits = static_cast<uint16_t>((word + 0x7fff + ((word >> 16) & 1)) >> 16);
    }
  }
  explicit BFloat16(double value) : BFloat16(RoundToOdd(value)) {}
  explicit operator float() const {
    return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
  }
  explicit operator double() const { return static_cast<float>(*this); }

 private:
  // A float whose lowest bit remembers that something was cut off: rounding it again is exact.
  static float RoundToOdd(double value) {
    float nearest = static_cast<float>(value);
    if (std::isnan(value) || std::isinf(nearest) || static_cast<double>(nearest) == value) {
      return nearest;
    }
    uint32_t word = std::bit_cast<uint32_t>(nearest);
    bool away = std::fabs(static_cast<double>(nearest)) > std::fabs(value);
    if (away) --word;
    return std::bit_cast<float>(word | 1);
  }
};

struct Int4 {
  int8_t value = 0;
};
struct Uint4 {
  uint8_t value = 0;
};

template <typename T>
inline constexpr bool kIsSmallFloat8 =
    std::is_same_v<T, Float8E4M3FN> || std::is_same_v<T, Float8E4M3FNUZ> ||
    std::is_same_v<T, Float8E5M2> || std::is_same_v<T, Float8E5M2FNUZ>;
template <typename T>
inline constexpr bool kIsSmallFloat = kIsSmallFloat8<T> || std::is_same_v<T, Float4E2M1> ||
                                      std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>;
template <typename T>
inline constexpr bool kIsPackedInteger = std::is_same_v<T, Int4> || std::is_same_v<T, Uint4>;
template <typename T>
inline constexpr bool kIsPacked = kIsPackedInteger<T> || std::is_same_v<T, Float4E2M1>;

// The C++ type arithmetic on T is done in.
template <typename T>
using ComputeType = std::conditional_t<
    kIsSmallFloat<T>, float,
    std::conditional_t<std::is_same_v<T, Int4>, int8_t,
                       std::conditional_t<std::is_same_v<T, Uint4>, uint8_t, T>>>;

template <typename T>
ComputeType<T> ToCompute(T value) {
  if constexpr (kIsSmallFloat<T>) {
    return static_cast<float>(value);
  } else if constexpr (kIsPackedInteger<T>) {
    return value.value;
  } else {
    return value;
  }
}

// A number in T. Floating point to integer cuts the fraction off; what does not fit becomes the
// nearest integer that does, NaN becomes 0. Integer to integer keeps the low bits, and so does
// anything to the 4-bit integers.
template <typename T, typename From>
T ConvertNumber(From from) {
  if constexpr (kIsSmallFloat<From> || kIsPackedInteger<From>) {
    return ConvertNumber<T>(ToCompute(from));
  } else if constexpr (std::is_same_v<T, From>) {
    return from;
  } else if constexpr (std::is_same_v<T, bool>) {
    return from != From{0};
  } else if constexpr (std::is_same_v<T, Int4>) {
    int64_t wide = ConvertNumber<int64_t>(from);
    return Int4{static_cast<int8_t>(static_cast<int8_t>(static_cast<uint8_t>(wide) << 4) >> 4)};
  } else if constexpr (std::is_same_v<T, Uint4>) {
    int64_t wide = ConvertNumber<int64_t>(from);
    return Uint4{static_cast<uint8_t>(wide & 15)};
  } else if constexpr (kIsSmallFloat<T>) {
    if constexpr (std::is_same_v<From, float>) {
      return T(from);
    } else {
      return T(static_cast<double>(from));
    }
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<T>) {
    if (std::isnan(from)) return T{0};
    // The limits are powers of two (or one less), so the comparison with the next is exact.
    constexpr From kAbove = static_cast<From>(std::numeric_limits<T>::max() / 2 + 1) * 2;
    if (from >= kAbove) return std::numeric_limits<T>::max();
    if (from <= static_cast<From>(std::numeric_limits<T>::min())) {
      return std::numeric_limits<T>::min();
    }
    return static_cast<T>(from);
  } else {
    return static_cast<T>(from);
  }
}

}  // namespace heddle::library

#endif  // HEDDLE_RUNTIME_LIBRARY_NUMBER_FORMATS_H_
