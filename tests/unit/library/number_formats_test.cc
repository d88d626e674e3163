// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/library/number_formats.h"

#include <limits>
#include <random>

#include "gtest/gtest.h"

namespace heddle::library {
namespace {

// Every code survives the way to float and back, but for the payloads of NaN.
template <typename T>
void RoundTrip(uint32_t codes) {
  for (uint32_t code = 0; code < codes; ++code) {
    T value;
    value.bits = static_cast<decltype(value.bits)>(code);
    float wide = static_cast<float>(value);
    if (std::isnan(wide)) {
      EXPECT_TRUE(std::isnan(static_cast<float>(T(wide))));
    } else {
      EXPECT_EQ(T(wide).bits, code);
      EXPECT_EQ(T(static_cast<double>(wide)).bits, code);
    }
  }
}

TEST(NumberFormats, RoundTrips) {
  RoundTrip<Float8E4M3FN>(256);
  RoundTrip<Float8E4M3FNUZ>(256);
  RoundTrip<Float8E5M2>(256);
  RoundTrip<Float8E5M2FNUZ>(256);
  RoundTrip<Float4E2M1>(16);
  RoundTrip<Float16>(1 << 16);
  RoundTrip<BFloat16>(1 << 16);
}

TEST(NumberFormats, KnownValues) {
  EXPECT_EQ(static_cast<float>(Float8E4M3FN::FromBits(0x7e)), 448);
  EXPECT_EQ(static_cast<float>(Float8E4M3FNUZ::FromBits(0x7f)), 240);
  EXPECT_EQ(static_cast<float>(Float8E5M2::FromBits(0x7b)), 57344);
  EXPECT_EQ(static_cast<float>(Float8E5M2FNUZ::FromBits(0x7f)), 57344);
  EXPECT_EQ(static_cast<float>(Float4E2M1::FromBits(7)), 6);
  EXPECT_EQ(Float8E4M3FN::Saturated(1e9).bits, 0x7e);
  EXPECT_TRUE(std::isnan(static_cast<float>(Float8E4M3FN(1e9))));
  EXPECT_TRUE(std::isinf(static_cast<float>(Float8E5M2(1e9))));
  EXPECT_EQ(Float8E4M3FNUZ(-0.0).bits, 0);  // there is no negative zero
  EXPECT_EQ(Float16(65519.0f).bits, 0x7bff);
  EXPECT_EQ(Float16(65520.0f).bits, 0x7c00);
}

TEST(NumberFormats, Float16RoundsAsTheCompilerDoes) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000000; ++i) {
    float x = std::bit_cast<float>(static_cast<uint32_t>(random()));
    if (std::isnan(x)) continue;
    __extension__ _Float16 expected = static_cast<_Float16>(x);
    ASSERT_EQ(Float16(x).bits, std::bit_cast<uint16_t>(expected)) << x;
  }
}

// Rounding a double once: to the nearer of the two neighbours, never by way of float.
TEST(NumberFormats, DoublesRoundOnce) {
  double above_half = 1 + 0x1p-8 + 0x1p-40;  // bfloat16 has 7 bits of fraction
  EXPECT_EQ(static_cast<float>(BFloat16(above_half)), 1.0f + 0x1p-7f);
  EXPECT_EQ(static_cast<float>(BFloat16(1 + 0x1p-8 - 0x1p-40)), 1.0f);
  EXPECT_EQ(static_cast<float>(Float16(1 + 0x1p-11 + 0x1p-40)), 1.0f + 0x1p-10f);
}

TEST(NumberFormats, ConversionIsDefinedForEveryNumber) {
  float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(ConvertNumber<int32_t>(inf), INT32_MAX);
  EXPECT_EQ(ConvertNumber<int32_t>(-inf), INT32_MIN);
  EXPECT_EQ(ConvertNumber<int32_t>(std::nanf("")), 0);
  EXPECT_EQ(ConvertNumber<int64_t>(1e300), INT64_MAX);
  EXPECT_EQ(ConvertNumber<uint8_t>(-1.0f), 0);
  EXPECT_EQ(ConvertNumber<uint64_t>(18446744073709551616.0), UINT64_MAX);
  EXPECT_EQ(ConvertNumber<int8_t>(-1.9f), -1);
  EXPECT_EQ(ConvertNumber<uint8_t>(int64_t{257}), 1);
}

}  // namespace
}  // namespace heddle::library
