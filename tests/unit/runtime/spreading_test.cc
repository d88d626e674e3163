// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What short runs learn about a second thread from the time that they take.

#include "runtime/executor/spreading.h"

#include <gtest/gtest.h>

#include "tests/unit/runtime/test_util.h"

namespace heddle {
namespace {

using std::chrono::nanoseconds;
using testing::GraphBuilder;
using testing::kF32;
using testing::kScale;
using testing::Open;
using testing::ProgramBuilder;
using testing::Set;

constexpr double kWork = 20'000;

// Runs that take so long in either way; returns how many of the last `count` were spread.
int SpreadOf(Spreading& spreading, int count, int64_t spread_ns, int64_t straight_ns,
             double work = kWork, bool guess = false) {
  int spread = 0;
  for (int i = 0; i < count; ++i) {
    bool chosen = spreading.Choose(work, guess, /*alone=*/true);
    spread += chosen;
    spreading.Took(nanoseconds(chosen ? spread_ns : straight_ns));
  }
  return spread;
}

TEST(Spreading, TakesTheFasterWay) {
  constexpr int kRuns = Spreading::kLeastPeriod;
  Spreading faster, slower, hardly;
  EXPECT_EQ(SpreadOf(faster, kRuns, 20'000, 30'000), kRuns - Spreading::kTrials);
  EXPECT_EQ(SpreadOf(slower, kRuns, 30'000, 20'000), Spreading::kTrials);
  EXPECT_EQ(SpreadOf(hardly, kRuns, 29'900, 30'000), Spreading::kTrials);
}

TEST(Spreading, LooksAtTheClockInTrials) {
  Spreading spreading;
  uint32_t timed = 0;
  for (uint32_t i = 0; i < Spreading::kLeastPeriod; ++i) {
    bool chosen = spreading.Choose(kWork, /*guess=*/false, /*alone=*/true);
    timed += spreading.is_timed();
    spreading.Took(nanoseconds(!spreading.is_timed() ? 0 : chosen ? 20'000 : 30'000));
  }
  EXPECT_EQ(timed, 2 * Spreading::kTrials);
  EXPECT_TRUE(spreading.Choose(kWork, /*guess=*/false, /*alone=*/false));
}

TEST(Spreading, DoubtsTheGuessForATenth) {
  constexpr int kRuns = Spreading::kLeastPeriod;
  Spreading equal, slower;
  EXPECT_EQ(SpreadOf(equal, kRuns, 30'000, 29'000, kWork, /*guess=*/true),
            kRuns - Spreading::kTrials);
  EXPECT_EQ(SpreadOf(slower, kRuns, 30'000, 26'000, kWork, /*guess=*/true), Spreading::kTrials);
}

TEST(Spreading, GuessesUntilItKnows) {
  Spreading spreading;
  SpreadOf(spreading, 2 * Spreading::kTrials - 1, 20'000, 30'000);
  // The same session, other sizes: known for each.
  EXPECT_EQ(SpreadOf(spreading, Spreading::kLeastPeriod, 30'000, 20'000, 8 * kWork),
            Spreading::kTrials);
  EXPECT_EQ(SpreadOf(spreading, 10, 20'000, 30'000), 9);
}

TEST(Spreading, TriesNothingBesideOthers) {
  Spreading spreading;
  for (bool guess : {false, true})
    EXPECT_EQ(spreading.Choose(kWork, guess, /*alone=*/false), guess);
}

TEST(Spreading, ChangesItsMind) {
  Spreading spreading;
  SpreadOf(spreading, Spreading::kLeastPeriod, 20'000, 30'000);
  EXPECT_EQ(SpreadOf(spreading, Spreading::kLeastPeriod, 40'000, 30'000), Spreading::kTrials);
}

TEST(Spreading, TriesLessOftenWhatItKnows) {
  Spreading spreading;
  SpreadOf(spreading, 4 * Spreading::kMostPeriod, 30'000, 20'000);
  EXPECT_LE(SpreadOf(spreading, 2 * Spreading::kMostPeriod, 30'000, 20'000),
            3 * static_cast<int>(Spreading::kTrials));
}

// A grid that is estimated at less than a second thread costs is tried on two.
TEST(Spreading, SessionsTryBothWays) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  g.graph.sequential = true;
  uint32_t n = g.Symbol("n"), x = g.Input("x", kF32, {n}), y = g.Arena("y", kF32, {n});
  g.Kernel(kScale, {x}, {y}, {}, n).cost_per_point = 1;
  g.Output(y);
  ThreadBackend backend(1);
  auto session = Open(testing::Load(b), {.threads = 2, .backend = &backend});
  session->EnableTrace();
  std::vector<float> numbers(9'000, 1.0f);
  Set(*session, 0, numbers);
  int cut = 0, whole = 0;
  for (uint32_t run = 0; run < 2 * Spreading::kTrials; ++run) {
    ASSERT_TRUE(session->Run().ok());
    size_t chunks = 0;
    for (const auto& events : session->trace()->events()) chunks += events.size();
    ++(chunks > 1 ? cut : whole);
  }
  EXPECT_GE(cut, static_cast<int>(Spreading::kTrials));
  EXPECT_GE(whole, static_cast<int>(Spreading::kTrials));
}

}  // namespace
}  // namespace heddle
