// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// On which processors those begin who come to the gate, and those who waited at it.

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <optional>
#include <thread>
#include <vector>

#include "runtime/executor/gate.h"

namespace heddle {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::chrono::hours kHour(1);
// With which those of an hour are not long.
constexpr Gate::Limits kLimits = {.shorter = 2 * kHour, .longer = 2 * kHour};

// Threads of a test move as they like, and may go anywhere when it is over.
class GateProcessors : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(sched_getaffinity(0, sizeof(allowed_), &allowed_), 0);
    if (CPU_COUNT(&allowed_) < 2) GTEST_SKIP() << "one processor";
  }
  void TearDown() override { GoAnywhere(); }

  // Of the calling thread.
  void GoAnywhere() { sched_setaffinity(0, sizeof(allowed_), &allowed_); }
  static void StayOn(int processor) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    sched_setaffinity(0, sizeof(one), &one);
  }
  void ExpectAnywhere() {
    cpu_set_t now;
    EXPECT_EQ(sched_getaffinity(0, sizeof(now), &now), 0);
    EXPECT_TRUE(CPU_EQUAL(&now, &allowed_));
  }

  int OtherThan(int processor) const {
    int other = 0;
    while (other == processor || !CPU_ISSET(other, &allowed_)) ++other;
    return other;
  }

  // Returns when so many wait, however long the system takes to have them come.
  static void Await(Gate& gate, int waiting) {
    auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (gate.waiting() < waiting && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    ASSERT_EQ(gate.waiting(), waiting);
  }

  cpu_set_t allowed_;
};

// Two threads that run on one processor when they come get one each.
TEST_F(GateProcessors, RunsBeginOnProcessorsOfTheirOwn) {
  Gate gate(2, kLimits);
  // Goes through the gate from processor `from`; tells on which it has begun.
  auto enter = [&](int from, auto inside) {
    Gate::Waiter waiter;
    waiter.Took(kHour);
    RunState run;
    run.Reset();
    StayOn(from);
    GoAnywhere();
    Gate::Pass pass(gate, waiter, run);
    inside(waiter.home());
    ExpectAnywhere();
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
TEST_F(GateProcessors, WhoWaitsWakesWhereThePlaceIsLeft) {
  Gate gate(1, kLimits);
  RunState run;
  run.Reset();
  const int here = CurrentProcessor();
  StayOn(here);
  std::atomic<bool> over{false};
  std::thread busy([&] {  // on this processor, too
    while (!over) std::this_thread::yield();
  });
  for (int i = 0; i < 20; ++i) {
    std::optional<Gate::Pass> first;
    Gate::Waiter waiter, waiter_of_late;
    waiter.Took(kHour);
    waiter_of_late.Took(kHour);
    first.emplace(gate, waiter, run);
    std::thread late([&] {
      StayOn(OtherThan(here));
      GoAnywhere();
      Gate::Pass pass(gate, waiter_of_late, run);
      ExpectAnywhere();
    });
    Await(gate, 1);
    first.reset();
    late.join();
    EXPECT_EQ(waiter_of_late.home(), here);
  }
  over = true;
  busy.join();
}

TEST_F(GateProcessors, AThreadThatWaitsWakesWhereItIsTold) {
  for (int processor = 0; processor < 64; ++processor) {
    std::optional<WakePlace> place;
    std::atomic<bool> waits{false}, told{false};
    bool may = CPU_ISSET(processor, &allowed_);
    std::thread thread([&] {
      place.emplace();
      waits = true;
      waits.notify_one();
      told.wait(false);
      if (may) EXPECT_EQ(CurrentProcessor(), processor);
      place->Leave();
      ExpectAnywhere();
    });
    waits.wait(false);
    EXPECT_EQ(place->Set(processor), may);
    told = true;
    told.notify_one();
    thread.join();
  }
}

// Sessions are let in where their last runs were, but nobody is passed over by many.
TEST_F(GateProcessors, WhoWasOnTheProcessorThatIsLeftGoesBeforeThoseThatCameJustBefore) {
  const int here = CurrentProcessor(), elsewhere = OtherThan(here);
  RunState run;
  run.Reset();
  for (int i = 0; i < 10; ++i) {
    Gate gate(1, kLimits);
    std::deque<Gate::Waiter> waiters(5);
    std::deque<std::thread> threads;
    std::vector<int> order;  // written by who is inside
    for (Gate::Waiter& waiter : waiters) {
      waiter.Took(kHour);
      StayOn(&waiter == &waiters[1] ? elsewhere : here);
      Gate::Pass pass(gate, waiter, run);
    }
    StayOn(here);
    {
      Gate::Pass pass(gate, waiters[0], run);
      for (int late = 1; late < 5; ++late) {
        threads.emplace_back([&, late] {
          Gate::Pass pass(gate, waiters[late], run);
          order.push_back(late);
        });
        Await(gate, late);
      }
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(order, (std::vector<int>{2, 3, 1, 4}));
  }
}

}  // namespace
}  // namespace heddle
