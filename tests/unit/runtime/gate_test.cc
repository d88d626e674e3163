// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Who waits at the gate of blocking runs, for whom and for how long.

#include "runtime/executor/gate.h"

#include <atomic>
#include <deque>
#include <thread>

#include "runtime/executor/backend.h"
#include "tests/unit/runtime/gate_runner.h"
#include "tests/unit/runtime/test_util.h"

namespace heddle {
namespace {

using std::chrono::milliseconds;
using testing::FullGate;
using testing::GraphBuilder;
using testing::kF32;
using testing::kHour;
using testing::kLimits;
using testing::kLongEnough;
using testing::kScale;
using testing::kShortEnough;
using testing::Open;
using testing::ProgramBuilder;
using testing::Runner;
using testing::Set;

TEST_F(FullGate, WhoComesLateWaitsForAPlace) {
  Runner late(gate_, kHour);
  EXPECT_TRUE(late.Waits());
  first_.Leave();
  EXPECT_TRUE(late.ThroughAfter(kLongEnough));
}

TEST_F(FullGate, NobodyWaitsForEver) {
  Runner late(gate_, kLimits.least);
  EXPECT_TRUE(late.ThroughAfter(kLongEnough));
}

TEST_F(FullGate, WhoHasManyBeforeItWaitsForThem) {
  std::deque<Runner> before;
  for (int i = 0; i < 20; ++i) {
    before.emplace_back(gate_, kHour);
    EXPECT_TRUE(before.back().Waits());
  }
  Runner late(gate_, milliseconds(10));  // longer than they would take if they were like this one
  EXPECT_FALSE(late.ThroughAfter(milliseconds(200)));
  EXPECT_TRUE(late.ThroughAfter(kLongEnough));
}

TEST_F(FullGate, RunsInsideARunPassBy) {
  Runner runner(gate_, kHour, /*stopped=*/false, /*inside=*/true);
  EXPECT_FALSE(runner.Waits());
}

TEST_F(FullGate, StoppedRunsDoNotWait) {
  Runner runner(gate_, kHour, /*stopped=*/true);
  EXPECT_FALSE(runner.Waits());
}

TEST_F(FullGate, WhoIsCancelledLeavesTheQueueToOthers) {
  Runner third(gate_, kHour);
  EXPECT_TRUE(third.Waits());
  Runner fourth(gate_, kHour);
  EXPECT_TRUE(fourth.Waits());
  third.Cancel();
  EXPECT_TRUE(third.ThroughAfter(kLongEnough));
  third.Leave();  // it had no place to give
  EXPECT_FALSE(fourth.ThroughAfter(kShortEnough));
  second_.Leave();
  EXPECT_TRUE(fourth.ThroughAfter(kLongEnough));
}

TEST_F(FullGate, FirstComeFirstServed) {
  std::deque<Runner> late;
  for (int i = 0; i < 4; ++i) {
    late.emplace_back(gate_, kHour);
    EXPECT_TRUE(late.back().Waits());
  }
  second_.Leave();
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(late[i].ThroughAfter(kLongEnough));
    for (int k = i + 1; k < 4; ++k) EXPECT_FALSE(late[k].ThroughAfter(milliseconds(0)));
    late[i].Leave();
  }
}

TEST_F(FullGate, ManyWait) {
  constexpr int kMany = 100;
  std::deque<Runner> late;
  for (int i = 0; i < kMany; ++i) late.emplace_back(gate_, kHour);
  for (Runner& runner : late) EXPECT_FALSE(runner.ThroughAfter(milliseconds(1)));
  second_.Leave();
  for (int left = kMany; left > 0;) {
    for (Runner& runner : late) {
      if (!runner.ThroughAfter(milliseconds(0))) continue;
      runner.Leave();
      --left;
      break;
    }
  }
}

TEST_F(FullGate, WhoWantsBothPlacesWaitsForBoth) {
  Crowd crowd;
  Runner both(gate_, kHour, /*stopped=*/false, /*inside=*/false, &crowd);
  EXPECT_TRUE(both.Waits());
  Runner last(gate_, kHour);
  first_.Leave();
  EXPECT_FALSE(both.ThroughAfter(kShortEnough));
  EXPECT_FALSE(last.ThroughAfter(milliseconds(0)));  // not before the one that came before it
  second_.Leave();
  EXPECT_TRUE(both.ThroughAfter(kLongEnough));
  EXPECT_TRUE(both.has_places());
  EXPECT_FALSE(last.ThroughAfter(kShortEnough));
  both.Leave();
  EXPECT_TRUE(last.ThroughAfter(kLongEnough));
  EXPECT_FALSE(last.has_places());
}

TEST_F(FullGate, WhoGivesUpWaitingForBothPlacesLetsOthersIn) {
  Crowd crowd;
  Runner both(gate_, kHour, /*stopped=*/false, /*inside=*/false, &crowd);
  EXPECT_TRUE(both.Waits());
  first_.Leave();
  Runner last(gate_, kHour);
  EXPECT_TRUE(last.Waits());
  both.Cancel();
  EXPECT_TRUE(both.ThroughAfter(kLongEnough));
  EXPECT_FALSE(both.has_places());
  EXPECT_TRUE(last.ThroughAfter(kLongEnough));
}

TEST(Gate, LetsInAsManyAsThereAreProcessors) {
  constexpr int kThreads = 12, kRuns = 200, kRounds = 50;
  Gate gate(2, kLimits);
  RunState run;
  run.Reset();
  std::atomic<int> inside{0}, most{0};
  // On a busy machine no two may have been there at the same time, but not again and again.
  for (int round = 0; round < kRounds && most < 2; ++round) {
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        Gate::Waiter waiter;
        for (int k = 0; k < kRuns; ++k) {
          while (waiter.expected() < kLimits.longer / 4) waiter.Took(kHour);
          Gate::Pass pass(gate, waiter, run);
          int now = inside.fetch_add(1) + 1, seen = most.load();
          while (seen < now && !most.compare_exchange_weak(seen, now)) {
          }
          std::this_thread::yield();
          inside.fetch_sub(1);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(most.load(), 2);
}

TEST(Gate, ASessionThatWaitsCanBeCancelled) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t n = g.Symbol("n");
  uint32_t x = g.Input("x", kF32, {n}), y = g.Arena("y", kF32, {n});
  g.Kernel(kScale, {x}, {y}, {}, n);
  g.Output(y);
  ThreadBackend backend(1);
  auto session = Open(testing::Load(b), {.threads = 1, .backend = &backend});
  std::vector<float> numbers(1 << 22, 1.0f);  // more than the least, not long
  Set(*session, 0, numbers);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(session->Run().ok());  // the first is slow
  std::deque<Runner> others;
  for (int i = 0; i < backend.concurrency(); ++i) {
    others.emplace_back(backend.gate(), Gate::Limits().longer / 2);
    ASSERT_TRUE(others.back().ThroughAfter(kLongEnough));
  }
  absl::Status status;
  // A run that has waited long goes in whatever others do: on a busy machine before it is cancelled.
  for (int i = 0; i < 100 && status.ok(); ++i) {
    std::atomic<bool> done{false};
    std::thread thread([&] {
      status = session->Run();
      done = true;
    });
    while (!done) session->Cancel();
    thread.join();
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  for (Runner& other : others) other.Leave();
  EXPECT_TRUE(session->Run().ok());
}

}  // namespace
}  // namespace heddle
