// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Who waits at the gate of blocking runs, for how long, and who does not.

#include "runtime/executor/gate.h"

#include <sched.h>

#include <atomic>
#include <bit>
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

// Two threads that run on one processor when they come get one each.
TEST(Gate, RunsBeginOnProcessorsOfTheirOwn) {
  cpu_set_t allowed;
  ASSERT_EQ(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
  if (CPU_COUNT(&allowed) < 2) GTEST_SKIP() << "one processor";
  Gate gate(2, kLimits);
  // Goes through the gate from processor `from`; returns the one that it is on then.
  auto enter = [&](int from, auto inside) {
    Gate::Waiter waiter;
    waiter.Took(kHour);
    RunState run;
    run.Reset();
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(from, &one);
    sched_setaffinity(0, sizeof(one), &one);
    sched_setaffinity(0, sizeof(allowed), &allowed);
    Gate::Pass pass(gate, waiter, run);
    inside(CurrentProcessor());
    cpu_set_t now;
    EXPECT_EQ(sched_getaffinity(0, sizeof(now), &now), 0);
    EXPECT_TRUE(CPU_EQUAL(&now, &allowed));
  };
  constexpr int kTries = 10;
  int apart = 0;
  for (int i = 0; i < kTries; ++i) {
    enter(CurrentProcessor(), [&](int first) {
      std::thread([&] { enter(first, [&](int second) { apart += first != second; }); }).join();
    });
  }
  EXPECT_GT(apart, kTries / 2);  // the system moves threads, too
}

// Who was let in begins where the one before it was, though it shares that processor with another
// thread and another one idles, and may go anywhere afterwards.
TEST(Gate, WhoWaitsWakesWhereThePlaceIsLeft) {
  cpu_set_t allowed;
  ASSERT_EQ(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
  if (CPU_COUNT(&allowed) < 2) GTEST_SKIP() << "one processor";
  Gate gate(1, kLimits);
  RunState run;
  run.Reset();
  const int here = CurrentProcessor();
  cpu_set_t only_here;
  CPU_ZERO(&only_here);
  CPU_SET(here, &only_here);
  cpu_set_t elsewhere = allowed;
  CPU_CLR(here, &elsewhere);
  sched_setaffinity(0, sizeof(only_here), &only_here);
  std::atomic<bool> over{false};
  std::thread busy([&] {  // on this processor, too
    while (!over) std::this_thread::yield();
  });
  constexpr int kTries = 20;
  int same = 0;
  for (int i = 0; i < kTries; ++i) {
    std::optional<Gate::Pass> first;
    Gate::Waiter waiter;
    waiter.Took(kHour);
    first.emplace(gate, waiter, run);
    std::thread late([&] {
      sched_setaffinity(0, sizeof(elsewhere), &elsewhere);
      sched_setaffinity(0, sizeof(allowed), &allowed);
      Gate::Waiter waiter;
      waiter.Took(kHour);
      Gate::Pass pass(gate, waiter, run);
      same += CurrentProcessor() == here;
      cpu_set_t now;
      EXPECT_EQ(sched_getaffinity(0, sizeof(now), &now), 0);
      EXPECT_TRUE(CPU_EQUAL(&now, &allowed));
    });
    std::this_thread::sleep_for(milliseconds(2));  // it waits
    first.reset();
    late.join();
  }
  over = true;
  busy.join();
  sched_setaffinity(0, sizeof(allowed), &allowed);
  EXPECT_GT(same, kTries * 2 / 3);  // the system moves threads, too
}

TEST(WakePlace, AThreadThatWaitsWakesWhereItIsTold) {
  cpu_set_t allowed;
  ASSERT_EQ(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
  for (int processor = 0; processor < 64; ++processor) {
    std::optional<WakePlace> place;
    std::atomic<bool> waits{false}, told{false};
    bool may = CPU_ISSET(processor, &allowed);
    std::thread thread([&] {
      place.emplace();
      waits = true;
      waits.notify_one();
      told.wait(false);
      if (may) EXPECT_EQ(CurrentProcessor(), processor);
      place->Leave();
      cpu_set_t now;
      EXPECT_EQ(sched_getaffinity(0, sizeof(now), &now), 0);
      EXPECT_TRUE(CPU_EQUAL(&now, &allowed));
    });
    waits.wait(false);
    EXPECT_EQ(place->Set(processor), may);
    told = true;
    told.notify_one();
    thread.join();
  }
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

// Sessions are let in where their last runs were, but nobody is passed over by many.
TEST(Gate, WhoWasOnTheProcessorThatIsLeftGoesBeforeThoseThatCameJustBefore) {
  cpu_set_t allowed;
  ASSERT_EQ(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
  const int here = CurrentProcessor();
  int elsewhere = 0;
  while (elsewhere == here || (elsewhere < CPU_SETSIZE && !CPU_ISSET(elsewhere, &allowed))) {
    ++elsewhere;
  }
  if (elsewhere == CPU_SETSIZE) GTEST_SKIP() << "one processor";
  auto stay_on = [](int processor) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    sched_setaffinity(0, sizeof(one), &one);
  };
  RunState run;
  run.Reset();
  constexpr int kTries = 10;
  int good = 0;
  for (int i = 0; i < kTries; ++i) {
    Gate gate(1, kLimits);
    std::deque<Gate::Waiter> waiters(5);
    std::deque<std::thread> threads;
    std::vector<int> order;  // written by who is inside
    for (Gate::Waiter& waiter : waiters) {
      waiter.Took(kHour);
      stay_on(&waiter == &waiters[1] ? elsewhere : here);
      Gate::Pass pass(gate, waiter, run);
    }
    stay_on(here);
    {
      Gate::Pass pass(gate, waiters[0], run);
      for (int late = 1; late < 5; ++late) {
        threads.emplace_back([&, late] {
          Gate::Pass pass(gate, waiters[late], run);
          order.push_back(late);
        });
        std::this_thread::sleep_for(milliseconds(2));  // it waits
      }
    }
    for (std::thread& thread : threads) thread.join();
    good += order == std::vector<int>{2, 3, 1, 4};
  }
  sched_setaffinity(0, sizeof(allowed), &allowed);
  EXPECT_GT(good, kTries / 2);  // the system moves threads, too
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

TEST(CrowdTest, SingleRunsAreNotBelieved) {
  Crowd crowd;
  for (uint32_t i = 0; i < Crowd::kLeastPeriod; ++i) {
    int places = crowd.Places(2);
    crowd.Took(places, places > 1 ? milliseconds(2) : milliseconds(3));
  }
  crowd.Took(1, milliseconds(300));
  for (uint32_t i = 0; i < 2 * Crowd::kTrials; ++i) crowd.Places(2);
  EXPECT_EQ(crowd.Places(2), 1);
}

TEST(CrowdTest, OneThreadTakesOnePlace) {
  Crowd crowd;
  for (uint32_t i = 0; i < Crowd::kLeastPeriod; ++i) EXPECT_EQ(crowd.Places(1), 1);
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
