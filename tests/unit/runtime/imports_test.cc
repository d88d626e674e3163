// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What kernels may call, and the conversions among it.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "runtime/artifact/half_imports.h"
#include "runtime/artifact/import_table.h"

namespace heddle {
namespace {

TEST(Imports, AreFoundByName) {
  for (const char* name : {"memcpy", "expf", "exp", "tanhf", "erff", "fmodf", "__extendhfsf2",
                           "__truncsfbf2", "__divti3", "roundevenf"}) {
    EXPECT_NE(FindImport(name), nullptr) << name;
  }
  EXPECT_EQ(FindImport("system"), nullptr);
  EXPECT_EQ(FindImport(""), nullptr);
}

TEST(Imports, HalfRoundsToNearestEven) {
  EXPECT_EQ(FloatToHalfBits(1.0f), 0x3c00);
  EXPECT_EQ(FloatToHalfBits(-2.0f), 0xc000);
  EXPECT_EQ(FloatToHalfBits(65504.0f), 0x7bff);
  EXPECT_EQ(FloatToHalfBits(65520.0f), 0x7c00);  // half way to the next: infinity
  EXPECT_EQ(FloatToHalfBits(65519.0f), 0x7bff);
  EXPECT_EQ(FloatToHalfBits(0x1p-24f), 0x0001);
  EXPECT_EQ(FloatToHalfBits(0x1p-25f), 0x0000);  // ties to even
  EXPECT_EQ(FloatToHalfBits(0x1.8p-25f), 0x0001);
  EXPECT_EQ(FloatToHalfBits(0x1.ffep-15f), 0x0400);
  EXPECT_EQ(FloatToHalfBits(1.0f + 0x1p-11f), 0x3c00);
  EXPECT_EQ(FloatToHalfBits(1.0f + 0x3p-11f), 0x3c02);
  EXPECT_EQ(DoubleToHalfBits(1.0 + 0x1p-11 + 0x1p-40), 0x3c01);  // one rounding, not two
  EXPECT_EQ(FloatToHalfBits(INFINITY), 0x7c00);
  EXPECT_EQ(FloatToHalfBits(NAN) & 0x7fff, 0x7e00);
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    auto half = static_cast<uint16_t>(bits);
    float value = HalfBitsToFloat(half);
    if (std::isnan(value)) continue;
    ASSERT_EQ(FloatToHalfBits(value), half);
  }
}

TEST(Imports, BFloatRoundsToNearestEven) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    auto word = static_cast<uint16_t>(bits);
    float value;
    uint32_t wide = bits << 16;
    std::memcpy(&value, &wide, 4);
    if (std::isnan(value)) continue;
    ASSERT_EQ(FloatToBFloatBits(value), word);
    ASSERT_EQ(DoubleToBFloatBits(value), word);
  }
  EXPECT_EQ(FloatToBFloatBits(1.0f + 0x1p-8f), 0x3f80);
  EXPECT_EQ(FloatToBFloatBits(1.0f + 0x3p-8f), 0x3f82);
  EXPECT_EQ(DoubleToBFloatBits(1.0 + 0x1p-8 + 0x1p-40), 0x3f81);
  EXPECT_EQ(FloatToBFloatBits(NAN) & 0x7fff, 0x7fc0);
}

}  // namespace
}  // namespace heddle
