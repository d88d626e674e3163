// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/executor/crowd.h"

#include <gtest/gtest.h>

#include <bit>
#include <chrono>

namespace heddle {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// How often all threads work on one run, of as many as fill a period after the first.
int OftenTogether(nanoseconds together, nanoseconds beside) {
  Crowd crowd;
  int often = 0;
  for (uint32_t i = 0; i < 2 * Crowd::kLeastPeriod; ++i) {
    int places = crowd.Places(2);
    crowd.Took(places, places > 1 ? together : beside);
    if (i >= Crowd::kLeastPeriod) often += places > 1;
  }
  return often;
}

TEST(CrowdTest, RunsGoInTheWayThatTakesLessOfTheMachine) {
  int trials = Crowd::kTrials, most = Crowd::kLeastPeriod - Crowd::kTrials;
  EXPECT_EQ(OftenTogether(milliseconds(1), milliseconds(3)), most);
  EXPECT_EQ(OftenTogether(milliseconds(2), milliseconds(3)), trials);
  // Not clearly less.
  EXPECT_EQ(OftenTogether(std::chrono::microseconds(1450), milliseconds(3)), trials);
}

TEST(CrowdTest, TrialsBecomeRarer) {
  Crowd crowd;
  uint32_t together = 0;
  for (uint32_t i = 0; i < 4 * Crowd::kMostPeriod; ++i) {
    int places = crowd.Places(2);
    crowd.Took(places, milliseconds(3));
    together += places > 1;
  }
  uint32_t doublings = std::countr_zero(Crowd::kMostPeriod / Crowd::kLeastPeriod);
  // At the beginning, after 256 runs and at each doubling, and twice more in the longest periods.
  EXPECT_EQ(together, (1 + 1 + doublings + 2) * Crowd::kTrials);
}

TEST(CrowdTest, SlowRunsInARowAreNotBelieved) {
  Crowd crowd;
  for (uint32_t i = 0; i < Crowd::kLeastPeriod; ++i) {
    int places = crowd.Places(2);
    crowd.Took(places, places > 1 ? milliseconds(2) : milliseconds(3));
  }
  // As the last ones of ten sessions that stop, each of which keeps its results.
  for (int i = 0; i < 8; ++i) crowd.Took(1, milliseconds(15));
  for (uint32_t i = 0; i < 2 * Crowd::kTrials; ++i) crowd.Places(2);
  EXPECT_EQ(crowd.Places(2), 1);
}

TEST(CrowdTest, FastRunsAfterSlowOnesAre) {
  Crowd crowd;
  for (uint32_t i = 0; i < 2 * Crowd::kTrials; ++i) {
    int places = crowd.Places(2);
    crowd.Took(places, places > 1 ? milliseconds(3 - i % 2) : milliseconds(9));
  }
  EXPECT_EQ(crowd.Places(2), 2);
  for (uint32_t i = 0; i < Crowd::kTrials; ++i) crowd.Took(1, milliseconds(3));
  EXPECT_EQ(crowd.Places(2), 1);
}

TEST(CrowdTest, OneThreadTakesOnePlace) {
  Crowd crowd;
  for (uint32_t i = 0; i < Crowd::kLeastPeriod; ++i) EXPECT_EQ(crowd.Places(1), 1);
}

}  // namespace
}  // namespace heddle
