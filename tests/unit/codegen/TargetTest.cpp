// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// CPUs by name, and what a schedule changes of what is chosen for them.

#include <gtest/gtest.h>

#include "compiler/codegen/Schedule.h"
#include "compiler/codegen/Target.h"

using namespace mlir;
using namespace heddle::codegen;

namespace {

TEST(Schedule, GivesWhatIsWantedOfWhatIsOffered) {
  Schedule schedule({{"rows", 6}, {"panels", 9}, {"unknown", 1}});
  Target target = *Target::resolve({"x86-64-v3", 3}, [](const std::string &) {});
  EXPECT_EQ(target.choose("rows", 8, {4, 6}), 8) << "without a schedule";
  Target tuned = target.with(schedule);
  EXPECT_EQ(tuned.choose("rows", 8, {4, 6, 8}), 6);
  EXPECT_EQ(tuned.choose("panels", 2, {1, 3}), 2) << "nine are not offered";
  EXPECT_EQ(tuned.choose("rows", 8, {4, 6, 8}), 6) << "asked again";
  ASSERT_EQ(schedule.knobs().size(), 2u);
  EXPECT_EQ(schedule.knobs()[0].name, "rows");
  EXPECT_EQ(schedule.knobs()[0].usual, 8);
  EXPECT_EQ(schedule.knobs()[0].others, (std::vector<int64_t>{4, 6}));
}

TEST(TargetTest, LevelsAndErrors) {
  auto ignore = [](const std::string &) {};
  EXPECT_EQ(Target::resolve({"x86-64-v2"}, ignore)->vectorBytes(), 16);
  EXPECT_EQ(Target::resolve({"x86-64-v3"}, ignore)->vectorBytes(), 32);
  EXPECT_EQ(Target::resolve({"x86-64-v4"}, ignore)->vectorBytes(), 64);
  EXPECT_FALSE(Target::resolve({"x86-64-v3"}, ignore)->has("avx512f"));
  // Where vectors multiply pairs fast, convolutions are rounded as well; tiles are for products.
  EXPECT_TRUE(Target::resolve({"znver5"}, ignore)->hasFastPairs());
  EXPECT_FALSE(Target::resolve({"znver3"}, ignore)->hasFastPairs());
  EXPECT_FALSE(Target::resolve({"sapphirerapids"}, ignore)->hasFastPairs());
  EXPECT_TRUE(Target::resolve({"sapphirerapids"}, ignore)->hasFarThirdCache());
  EXPECT_FALSE(Target::resolve({"znver5"}, ignore)->hasFarThirdCache());
  EXPECT_FALSE(Target::resolve({"x86-64-v4"}, ignore)->hasFarThirdCache());
  std::string message;
  EXPECT_TRUE(failed(Target::resolve({"z80"}, [&](const std::string &text) { message = text; })));
  EXPECT_NE(message.find("z80"), std::string::npos);
  auto several = Target::resolveAll({"x86-64-v2,x86-64-v4,x86-64-v3"}, ignore);
  ASSERT_TRUE(succeeded(several));
  EXPECT_EQ((*several)[0].cpu(), "x86-64-v4");
  EXPECT_EQ((*several)[2].cpu(), "x86-64-v2");
  for (const char *wrong : {"x86-64-v2,", "x86-64-v2,x86-64-v2", "x86-64-v2,z80"})
    EXPECT_TRUE(failed(Target::resolveAll({wrong}, ignore))) << wrong;
}

} // namespace
