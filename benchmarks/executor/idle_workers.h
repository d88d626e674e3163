// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// CPU time that the threads beside a run's caller take while there is nothing for them to do: while
// a run ends in one long task on one thread, or just after it where that thread was not the
// caller's; and later. Waking a thread of oneTBB's and its falling asleep take time as well, which
// is measured with nothing in between, while the caller is as busy: beside one that sleeps, a woken
// thread finds a processor that is awake, and takes a fifth less.

#ifndef HEDDLE_BENCHMARKS_EXECUTOR_IDLE_WORKERS_H_
#define HEDDLE_BENCHMARKS_EXECUTOR_IDLE_WORKERS_H_

#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "benchmarks/executor/contenders.h"

namespace heddle {

inline double CpuMicroseconds(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

struct IdleWorkers {
  // Medians of CPU time: of a run and the 20 ms after it, in the 20 ms after these, and of a thread
  // that is lent for nothing, in as long as a run and the 20 ms after it.
  double run_us, later_us, lent_us;
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

inline double MeasureLentThread(int rounds) {
  struct Nothing final : Participant {
    void Participate() override {}
  };
  std::vector<double> us;
  for (int round = 0; round < rounds; ++round) {
    double begin = OthersMicroseconds();
    ArenaBackend().Lend(std::make_shared<Nothing>());
    Spend(kShortTasks * kShortTaskUs + kLongTaskUs);
    std::this_thread::sleep_for(kPause);
    us.push_back(OthersMicroseconds() - begin);
    std::this_thread::sleep_for(kPause);
  }
  return Median(us);
}

// A task wakes the workers with short ones, after which a long one comes.
inline IdleWorkers MeasureIdleWorkers(int threads, int rounds) {
  Edges edges(kShortTasks + 2);
  for (uint32_t i = 1; i <= kShortTasks; ++i) {
    edges[0].push_back(i);
    edges[i] = {kShortTasks + 1};
  }
  std::atomic<int64_t> worked_ns{0};  // by others than the caller
  std::thread::id caller = std::this_thread::get_id();
  auto work = [&](uint32_t node) {
    double begin = CpuMicroseconds(CLOCK_THREAD_CPUTIME_ID);
    Spend(node == 0 ? 0 : node <= kShortTasks ? kShortTaskUs : kLongTaskUs);
    if (std::this_thread::get_id() == caller) return;
    worked_ns += static_cast<int64_t>(1e3 * (CpuMicroseconds(CLOCK_THREAD_CPUTIME_ID) - begin));
  };
  OwnScheduler<decltype(work)> scheduler(edges, threads, work);
  scheduler.Run();
  std::vector<double> run, later;
  for (int round = 0; round < rounds; ++round) {
    worked_ns = 0;
    double begin = OthersMicroseconds();
    scheduler.Run();
    std::this_thread::sleep_for(kPause);
    double end = OthersMicroseconds();
    std::this_thread::sleep_for(kPause);
    later.push_back(OthersMicroseconds() - end);
    run.push_back(end - begin - static_cast<double>(worked_ns) / 1e3);
  }
  return {Median(run), Median(later), MeasureLentThread(rounds)};
}

}  // namespace heddle

#endif  // HEDDLE_BENCHMARKS_EXECUTOR_IDLE_WORKERS_H_
