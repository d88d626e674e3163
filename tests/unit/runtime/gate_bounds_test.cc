// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which runs wait at the gate, and which of them are long, by what runs took before.

#include <chrono>
#include <memory>

#include "runtime/executor/gate.h"
#include "tests/unit/runtime/gate_runner.h"

namespace heddle {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using testing::FullGate;
using testing::kHour;
using testing::kLimits;
using testing::kLongEnough;
using testing::kShortEnough;
using testing::Runner;

TEST_F(FullGate, ShortRunsPassBy) {
  Runner runner(gate_, kLimits.least / 2);
  EXPECT_FALSE(runner.Waits());
}

TEST(GateBounds, WhoWaitsDoesSoUntilItsRunsAreClearlyShorter) {
  Gate gate(1, kLimits);
  RunState run;
  run.Reset();
  Gate::Waiter waiter;
  auto waits = [&](nanoseconds takes) {
    do waiter.Took(takes);
    while (waiter.expected() != takes);
    Gate::Pass pass(gate, waiter, run);
    return Runner(gate, kHour).Waits();
  };
  nanoseconds between = (kLimits.passing + kLimits.least) / 2;
  EXPECT_FALSE(waits(between));
  EXPECT_TRUE(waits(kLimits.least));
  EXPECT_TRUE(waits(between));
  EXPECT_FALSE(waits(kLimits.passing / 2));
  EXPECT_FALSE(waits(between));
}

TEST(GateBounds, SessionsOfOneModelAllWaitOrNone) {
  Gate gate(1, {.passing = kHour, .least = 3 * kHour, .shorter = 20 * kHour, .longer = 20 * kHour});
  RunState run;
  run.Reset();
  Gate::Waiter first;
  first.Took(10 * kHour);
  Gate::Pass pass(gate, first, run);  // has the place
  Crowd crowd;
  auto waits = [&](nanoseconds takes) {
    Runner runner(gate, takes, /*stopped=*/false, /*inside=*/false, &crowd);
    return runner.Waits();
  };
  auto all_take = [&](nanoseconds time) {
    do crowd.pace().Took(time);
    while (crowd.pace().expected() != time);
  };
  all_take(2 * kHour);
  EXPECT_FALSE(waits(4 * kHour));
  EXPECT_FALSE(waits(kHour));
  EXPECT_TRUE(waits(7 * kHour));  // they know better
  EXPECT_FALSE(waits(std::chrono::minutes(15)));
  all_take(3 * kHour);
  EXPECT_TRUE(waits(4 * kHour));
  EXPECT_TRUE(waits(kHour));
  EXPECT_FALSE(waits(std::chrono::minutes(15)));
  all_take(2 * kHour);
  EXPECT_TRUE(waits(kHour));
  all_take(std::chrono::minutes(30));
  EXPECT_FALSE(waits(kHour));
  all_take(2 * kHour);
  EXPECT_FALSE(waits(4 * kHour));
}

TEST_F(FullGate, LongRunsWaitForEachOtherOnly) {
  Runner third(gate_, 2 * kHour), fourth(gate_, 2 * kHour);
  EXPECT_FALSE(third.Waits());
  EXPECT_FALSE(fourth.Waits());
  Runner late(gate_, 2 * kHour);
  EXPECT_TRUE(late.Waits());
  first_.Leave();
  EXPECT_FALSE(late.ThroughAfter(kShortEnough));
  fourth.Leave();
  EXPECT_TRUE(late.ThroughAfter(kLongEnough));
}

TEST(GateBounds, LongRunsStayLongUntilTheyAreClearlyShorter) {
  Gate gate(1, {.shorter = 2 * kHour, .longer = 3 * kHour});
  RunState run;
  run.Reset();
  Gate::Waiter waiter;
  auto goes = [&](nanoseconds takes) {
    do waiter.Took(takes);
    while (waiter.expected() != takes);
    Gate::Pass pass(gate, waiter, run);
    return Runner(gate, kHour).Waits() ? "short" : "long";
  };
  EXPECT_STREQ(goes(kHour), "short");
  EXPECT_STREQ(goes(std::chrono::minutes(150)), "short");
  EXPECT_STREQ(goes(kHour * 3), "long");
  EXPECT_STREQ(goes(std::chrono::minutes(150)), "long");
  EXPECT_STREQ(goes(kHour), "short");
}

// Whatever each has seen of its own runs: those in the shorter queue would have most of the machine.
TEST(GateBounds, SessionsOfOneModelAllAreLongOrNone) {
  constexpr std::chrono::hours kShorter = 4 * kHour, kLonger = 8 * kHour;
  Gate gate(1, {.shorter = kShorter, .longer = kLonger});
  Runner holder(gate, kHour);  // of the place of short runs
  ASSERT_FALSE(holder.Waits());
  Crowd crowd;
  auto goes = [&](nanoseconds takes) {
    Runner runner(gate, takes, /*stopped=*/false, /*inside=*/false, &crowd);
    return runner.Waits() ? "short" : "long";
  };
  auto all_take = [&](nanoseconds time) {
    do crowd.pace().Took(time);
    while (crowd.pace().expected() != time);
  };
  all_take(5 * kHour);
  EXPECT_STREQ(goes(9 * kHour), "short");
  EXPECT_STREQ(goes(20 * kHour), "long");  // it knows better
  all_take(kLonger);
  EXPECT_STREQ(goes(3 * kHour), "long");
  EXPECT_STREQ(goes(kHour), "short");
  all_take(5 * kHour);
  EXPECT_STREQ(goes(3 * kHour), "long");
  all_take(kHour);
  EXPECT_STREQ(goes(9 * kHour), "short");
}

TEST(GateBounds, WhoWaitsGoesAlongWhereTheSessionsOfItsModelGo) {
  Gate gate(1, {.shorter = 4 * kHour, .longer = 8 * kHour});
  Runner holder(gate, kHour);  // of the place of short runs
  ASSERT_FALSE(holder.Waits());
  Crowd crowd;
  crowd.pace().Took(6 * kHour);
  auto runner = [&](nanoseconds takes) {
    return std::make_unique<Runner>(gate, takes, /*stopped=*/false, /*inside=*/false, &crowd);
  };
  auto shorter = runner(kHour);
  EXPECT_TRUE(shorter->Waits());
  auto first = runner(6 * kHour);
  EXPECT_TRUE(first->Waits());
  auto second = runner(6 * kHour);
  EXPECT_TRUE(second->Waits());
  do crowd.pace().Took(8 * kHour);
  while (crowd.pace().expected() != 8 * kHour);
  auto third = runner(6 * kHour);
  EXPECT_TRUE(first->ThroughAfter(kLongEnough));
  EXPECT_FALSE(second->ThroughAfter(kShortEnough));
  first->Leave();
  EXPECT_TRUE(second->ThroughAfter(kLongEnough));
  EXPECT_FALSE(third->ThroughAfter(kShortEnough));
  second->Leave();
  EXPECT_TRUE(third->ThroughAfter(kLongEnough));
  EXPECT_FALSE(shorter->ThroughAfter(milliseconds(0)));
}

TEST(GateBounds, OneSlowRunIsNotBelieved) {
  Gate::Waiter waiter;
  EXPECT_EQ(waiter.expected(), nanoseconds(0));
  waiter.Took(nanoseconds(8'000));
  waiter.Took(milliseconds(4));
  EXPECT_LT(waiter.expected(), kLimits.least);
  for (int i = 0; i < 80; ++i) waiter.Took(milliseconds(4));
  EXPECT_EQ(waiter.expected(), milliseconds(4));
  waiter.Took(nanoseconds(8'000));  // nor a fast one
  EXPECT_EQ(waiter.expected(), milliseconds(3));
}

}  // namespace
}  // namespace heddle
