// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// CPU time that the threads beside a run's caller take while there is nothing for them to do: while
// a run ends in one long task on one thread, or just after it where that thread was not the
// caller's; and later. What the executor takes of it is measured where a thread comes to it and
// leaves; waking a thread of oneTBB's and its falling asleep is the rest, which differs by 100 us
// from one process to the next.

#ifndef HEDDLE_BENCHMARKS_EXECUTOR_IDLE_WORKERS_H_
#define HEDDLE_BENCHMARKS_EXECUTOR_IDLE_WORKERS_H_

#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "benchmarks/executor/contenders.h"

namespace heddle {

inline double CpuMicroseconds(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

struct IdleWorkers {
  // Medians of CPU time: of a run, in the executor; of a run and the 20 ms after it, oneTBB's own
  // included; and in the 20 ms after these.
  double executor_us, run_us, later_us;
};

// Of all threads but this one.
inline double OthersMicroseconds() {
  return CpuMicroseconds(CLOCK_PROCESS_CPUTIME_ID) - CpuMicroseconds(CLOCK_THREAD_CPUTIME_ID);
}

inline double Median(std::vector<double> numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers[numbers.size() / 2];
}

// Keeps this thread busy.
inline void Spend(double us) {
  double end = CpuMicroseconds(CLOCK_THREAD_CPUTIME_ID) + us;
  while (CpuMicroseconds(CLOCK_THREAD_CPUTIME_ID) < end) {
  }
}

// How long the run of MeasureIdleWorkers keeps a thread busy, and what comes after it.
inline constexpr double kShortTaskUs = 50, kLongTaskUs = 10'000;
inline constexpr uint32_t kShortTasks = 8;
inline constexpr std::chrono::milliseconds kPause(20);

// Lends the arena's threads and adds up their CPU time.
class TimedBackend final : public Backend {
public:
  TimedBackend() : Backend(ArenaBackend().concurrency()) {}
  void Lend(std::shared_ptr<Participant> participant) override {
    ArenaBackend().Lend(std::make_shared<Timed>(*this, std::move(participant)));
  }
  double TakeMicroseconds() { return static_cast<double>(ns_.exchange(0)) / 1e3; }

private:
  struct Timed final : Participant {
    Timed(TimedBackend &backend, std::shared_ptr<Participant> participant)
        : backend(backend), participant(std::move(participant)) {}
    void Participate() override {
      double begin = CpuMicroseconds(CLOCK_THREAD_CPUTIME_ID);
      participant->Participate();
      double us = CpuMicroseconds(CLOCK_THREAD_CPUTIME_ID) - begin;
      backend.ns_ += static_cast<int64_t>(1e3 * us);
    }
    TimedBackend &backend;
    std::shared_ptr<Participant> participant;
  };
  std::atomic<int64_t> ns_{0};
};

// A task wakes the workers with short ones, after which a long one comes.
inline IdleWorkers MeasureIdleWorkers(int threads, int rounds) {
  Edges edges(kShortTasks + 2);
  for (uint32_t i = 1; i <= kShortTasks; ++i) {
    edges[0].push_back(i);
    edges[i] = {kShortTasks + 1};
  }
  std::atomic<int64_t> worked_ns{0}; // by others than the caller
  std::thread::id caller = std::this_thread::get_id();
  auto work = [&](uint32_t node) {
    double begin = CpuMicroseconds(CLOCK_THREAD_CPUTIME_ID);
    Spend(node == 0 ? 0 : node <= kShortTasks ? kShortTaskUs : kLongTaskUs);
    if (std::this_thread::get_id() == caller)
      return;
    worked_ns += static_cast<int64_t>(1e3 * (CpuMicroseconds(CLOCK_THREAD_CPUTIME_ID) - begin));
  };
  TimedBackend backend;
  OwnScheduler<decltype(work)> scheduler(edges, threads, work, backend);
  scheduler.Run();
  std::this_thread::sleep_for(kPause);
  backend.TakeMicroseconds();
  std::vector<double> executor, run, later;
  for (int round = 0; round < rounds; ++round) {
    worked_ns = 0;
    double begin = OthersMicroseconds();
    scheduler.Run();
    std::this_thread::sleep_for(kPause);
    double end = OthersMicroseconds(), worked = static_cast<double>(worked_ns) / 1e3;
    std::this_thread::sleep_for(kPause);
    later.push_back(OthersMicroseconds() - end);
    run.push_back(end - begin - worked);
    executor.push_back(backend.TakeMicroseconds() - worked);
  }
  return {Median(executor), Median(run), Median(later)};
}

} // namespace heddle

#endif // HEDDLE_BENCHMARKS_EXECUTOR_IDLE_WORKERS_H_
