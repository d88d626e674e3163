// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Threads that go through a gate of blocking runs and stay inside until they are let go.
//
//   Runner runner(gate, takes);     // a run that is expected to take that long
//   if (runner.Waits()) ...
//   runner.Leave();

#ifndef HEDDLE_TESTS_UNIT_RUNTIME_GATE_RUNNER_H_
#define HEDDLE_TESTS_UNIT_RUNTIME_GATE_RUNNER_H_

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

#include "runtime/executor/gate.h"

namespace heddle::testing {

inline constexpr std::chrono::hours kHour(1);
// With which those of an hour are not long.
inline constexpr Gate::Limits kLimits = {.shorter = 2 * kHour, .longer = 2 * kHour};
inline constexpr std::chrono::milliseconds kLongEnough(60'000);
inline constexpr std::chrono::milliseconds kShortEnough(50);

// A thread that goes through a gate and stays inside until it is let go.
class Runner {
 public:
  // Wants both of two places where it is given a crowd.
  Runner(Gate& gate, std::chrono::nanoseconds takes, bool stopped = false, bool inside = false,
         Crowd* crowd = nullptr)
      : gate_(gate), others_(gate.waiting()) {
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
  // Whether it waits, as soon as it does or is through. Nobody else comes or goes meanwhile.
  bool Waits() {
    while (!through_ && gate_.waiting() == others_) std::this_thread::yield();
    return !through_;
  }
  bool ThroughAfter(std::chrono::milliseconds time) {
    auto end = std::chrono::steady_clock::now() + time;
    while (!through_ && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return through_;
  }

 private:
  Gate& gate_;
  const int others_;  // that waited when it came
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

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_UNIT_RUNTIME_GATE_RUNNER_H_
