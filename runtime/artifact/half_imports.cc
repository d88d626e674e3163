// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/artifact/half_imports.h"

#include <bit>
#include <cmath>

namespace heddle {
namespace {

// Rounds the magnitude of a finite double to a binary format of `precision` bits (the hidden one
// included) whose smallest normal exponent is `min_exponent`, all in one rounding: going through
// float first would round twice. The format's bits are then exact in a double.
double RoundTo(double magnitude, int precision, int min_exponent) {
  if (magnitude == 0) return 0;
  int exponent = std::ilogb(magnitude);
  int unit = (exponent < min_exponent ? min_exponent : exponent) - (precision - 1);
  // scalbn is exact here: the result is far from double's subnormals or was below half a unit.
  return std::scalbn(std::nearbyint(std::scalbn(magnitude, -unit)), unit);
}

// 16-bit formats: a sign, `exponent_bits`, and the rest of the significand.
uint16_t Encode(double value, int exponent_bits) {
  const int fraction_bits = 15 - exponent_bits;
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const uint16_t infinity = static_cast<uint16_t>(((1 << exponent_bits) - 1) << fraction_bits);
  const uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  if (std::isnan(value)) {
    return static_cast<uint16_t>(sign | infinity | (1 << (fraction_bits - 1)));
  }
  double magnitude = std::fabs(value);
  if (std::isinf(magnitude)) return sign | infinity;
  magnitude = RoundTo(magnitude, fraction_bits + 1, 1 - bias);
  if (magnitude == 0) return sign;
  int exponent = std::ilogb(magnitude);
  if (exponent > bias) return sign | infinity;
  if (exponent < 1 - bias) {  // subnormal: a multiple of the smallest unit
    return static_cast<uint16_t>(
        sign | static_cast<int>(std::scalbn(magnitude, bias - 1 + fraction_bits)));
  }
  int significand = static_cast<int>(std::scalbn(magnitude, fraction_bits - exponent));
  return static_cast<uint16_t>(sign | (exponent + bias) << fraction_bits |
                               (significand & ((1 << fraction_bits) - 1)));
}

uint16_t LowBits(float carrier) { return static_cast<uint16_t>(std::bit_cast<uint32_t>(carrier)); }
float Carrier(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits}); }

}  // namespace

float HalfBitsToFloat(uint16_t bits) {
  uint32_t sign = uint32_t{bits} >> 15 << 31;
  uint32_t exponent = bits >> 10 & 0x1f;
  uint32_t fraction = bits & 0x3ff;
  if (exponent == 0) {  // fraction units of 2^-24, exact in a float
    float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<uint32_t>(magnitude) | sign);
  }
  if (exponent == 0x1f) {
    uint32_t quiet = fraction != 0 ? 0x400000 : 0;
    return std::bit_cast<float>(sign | 0x7f800000 | fraction << 13 | quiet);
  }
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
}

uint16_t FloatToHalfBits(float value) { return Encode(value, 5); }
uint16_t DoubleToHalfBits(double value) { return Encode(value, 5); }
uint16_t DoubleToBFloatBits(double value) { return Encode(value, 8); }

uint16_t FloatToBFloatBits(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return static_cast<uint16_t>(bits >> 16 | 0x40);
  // Half a unit of the last kept place, and the tie to even.
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float HalfToFloat(Half half) { return HalfBitsToFloat(LowBits(half)); }
double HalfToDouble(Half half) { return HalfBitsToFloat(LowBits(half)); }
Half FloatToHalf(float value) { return Carrier(FloatToHalfBits(value)); }
Half DoubleToHalf(double value) { return Carrier(DoubleToHalfBits(value)); }
float BFloatToFloat(BFloat value) { return std::bit_cast<float>(uint32_t{LowBits(value)} << 16); }
BFloat FloatToBFloat(float value) { return Carrier(FloatToBFloatBits(value)); }
BFloat DoubleToBFloat(double value) { return Carrier(DoubleToBFloatBits(value)); }

}  // namespace heddle
