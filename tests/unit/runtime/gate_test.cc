// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Who waits at the gate of blocking runs, for how long, and who does not.

#include "runtime/executor/gate.h"

#include <atomic>
#include <deque>
#include <optional>
#include <thread>

#include "runtime/executor/backend.h"
#include "tests/unit/runtime/test_util.h"

namespace heddle {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using testing::GraphBuilder;
using testing::kF32;
using testing::kScale;
using testing::Open;
using testing::ProgramBuilder;
using testing::Set;

constexpr std::chrono::hours kHour(1);
// With which those of an hour are not long.
constexpr Gate::Limits kLimits = {.shorter = 2 * kHour, .longer = 2 * kHour};
constexpr milliseconds kLongEnough(60'000);
constexpr milliseconds kShortEnough(50);

// A thread that goes through a gate and stays inside until it is let go.
class Runner {
 public:
  // Wants both of two places where it is given a crowd.
  Runner(Gate& gate, nanoseconds takes, bool stopped = false, bool inside = false,
         Crowd* crowd = nullptr)
      : gate_(gate) {
    run_.Reset();
    if (stopped) run_.Cancel();
    waiter_.Took(takes);
    thread_ = std::thread([this, inside, crowd] {
      std::optional<Gate::Inside> other;
      if (inside) other.emplace();
      Gate::Pass pass(gate_, waiter_, run_, crowd, crowd != nullptr ? 2 : 1);
      has_places_ = pass.has_places();
      through_ = true;
      through_.notify_all();
      go_.wait(false);
    });
  }
  ~Runner() {
    go_ = true;
    go_.notify_all();
    Cancel();
    thread_.join();
  }
  bool has_places() const { return has_places_; }
  void Leave() {
    go_ = true;
    go_.notify_all();
  }
  void Cancel() {
    run_.Cancel();
    gate_.Cancel(waiter_);
  }
  bool ThroughAfter(milliseconds time) {
    auto end = std::chrono::steady_clock::now() + time;
    while (!through_ && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    return through_;
  }

 private:
  Gate& gate_;
  Gate::Waiter waiter_;
  RunState run_;
  std::atomic<bool> through_{false}, go_{false}, has_places_{false};
  std::thread thread_;
};

// All places of a gate for two processors are taken.
class FullGate : public ::testing::Test {
 protected:
  FullGate() {
    for (Runner* runner : {&first_, &second_}) EXPECT_TRUE(runner->ThroughAfter(kLongEnough));
  }
  Gate gate_{2, kLimits};
  Runner first_{gate_, kHour}, second_{gate_, kHour};
};

TEST_F(FullGate, WhoComesLateWaitsForAPlace) {
  Runner late(gate_, kHour);
  EXPECT_FALSE(late.ThroughAfter(kShortEnough));
  first_.Leave();
  EXPECT_TRUE(late.ThroughAfter(kLongEnough));
}

TEST_F(FullGate, NobodyWaitsForEver) {
  Runner late(gate_, kLimits.least);
  EXPECT_TRUE(late.ThroughAfter(kLongEnough));
}

TEST_F(FullGate, ShortRunsPassBy) {
  Runner runner(gate_, kLimits.least / 2);
  EXPECT_TRUE(runner.ThroughAfter(kLongEnough));
}

TEST(Gate, WhoWaitsDoesSoUntilItsRunsAreClearlyShorter) {
  Gate gate(1, kLimits);
  RunState run;
  run.Reset();
  Gate::Waiter waiter;
  auto waits = [&](nanoseconds takes) {
    do waiter.Took(takes);
    while (waiter.expected() != takes);
    Gate::Pass pass(gate, waiter, run);
    return !Runner(gate, kHour).ThroughAfter(kShortEnough);
  };
  nanoseconds between = (kLimits.passing + kLimits.least) / 2;
  EXPECT_FALSE(waits(between));
  EXPECT_TRUE(waits(kLimits.least));
  EXPECT_TRUE(waits(between));
  EXPECT_FALSE(waits(kLimits.passing / 2));
  EXPECT_FALSE(waits(between));
}

TEST(Gate, SessionsOfOneModelAllWaitOrNone) {
  Gate gate(1, {.passing = kHour, .least = 3 * kHour, .shorter = 20 * kHour, .longer = 20 * kHour});
  RunState run;
  run.Reset();
  Gate::Waiter first;
  first.Took(10 * kHour);
  Gate::Pass pass(gate, first, run);  // has the place
  Crowd crowd;
  auto waits = [&](nanoseconds takes) {
    Runner runner(gate, takes, /*stopped=*/false, /*inside=*/false, &crowd);
    return !runner.ThroughAfter(kShortEnough);
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
  EXPECT_TRUE(third.ThroughAfter(kLongEnough));
  EXPECT_TRUE(fourth.ThroughAfter(kLongEnough));
  Runner late(gate_, 2 * kHour);
  first_.Leave();
  EXPECT_FALSE(late.ThroughAfter(kShortEnough));
  fourth.Leave();
  EXPECT_TRUE(late.ThroughAfter(kLongEnough));
}

TEST(Gate, SessionsOfOneModelStayTogether) {
  Gate gate(1, {.shorter = 2 * kHour, .longer = 3 * kHour});
  RunState run;
  run.Reset();
  Gate::Waiter waiter;
  auto goes = [&](nanoseconds takes) {
    do waiter.Took(takes);
    while (waiter.expected() != takes);
    Gate::Pass pass(gate, waiter, run);
    return Runner(gate, kHour).ThroughAfter(kShortEnough) ? "long" : "short";
  };
  EXPECT_STREQ(goes(kHour), "short");
  EXPECT_STREQ(goes(std::chrono::minutes(150)), "short");
  EXPECT_STREQ(goes(kHour * 3), "long");
  EXPECT_STREQ(goes(std::chrono::minutes(150)), "long");
  EXPECT_STREQ(goes(kHour), "short");
}

TEST_F(FullGate, RunsInsideARunPassBy) {
  Runner runner(gate_, kHour, /*stopped=*/false, /*inside=*/true);
  EXPECT_TRUE(runner.ThroughAfter(kLongEnough));
}

TEST_F(FullGate, StoppedRunsDoNotWait) {
  Runner runner(gate_, kHour, /*stopped=*/true);
  EXPECT_TRUE(runner.ThroughAfter(kLongEnough));
}

TEST_F(FullGate, WhoIsCancelledLeavesTheQueueToOthers) {
  Runner third(gate_, kHour);
  EXPECT_FALSE(third.ThroughAfter(kShortEnough));
  Runner fourth(gate_, kHour);
  EXPECT_FALSE(fourth.ThroughAfter(kShortEnough));
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
    EXPECT_FALSE(late.back().ThroughAfter(kShortEnough));
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
  EXPECT_FALSE(both.ThroughAfter(kShortEnough));
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
  EXPECT_FALSE(both.ThroughAfter(kShortEnough));
  first_.Leave();
  Runner last(gate_, kHour);
  EXPECT_FALSE(last.ThroughAfter(kShortEnough));
  both.Cancel();
  EXPECT_TRUE(both.ThroughAfter(kLongEnough));
  EXPECT_FALSE(both.has_places());
  EXPECT_TRUE(last.ThroughAfter(kLongEnough));
}

TEST(Gate, LetsInAsManyAsThereAreProcessors) {
  constexpr int kThreads = 12, kRuns = 200;
  Gate gate(2, kLimits);
  RunState run;
  run.Reset();
  std::atomic<int> inside{0}, most{0};
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
  EXPECT_EQ(most.load(), 2);
}

TEST(Gate, OneSlowRunIsNotBelieved) {
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
  std::atomic<bool> done{false};
  std::thread thread([&] {
    status = session->Run();
    done = true;
  });
  while (!done) session->Cancel();
  thread.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  for (Runner& other : others) other.Leave();
  EXPECT_TRUE(session->Run().ok());
}

}  // namespace
}  // namespace heddle
