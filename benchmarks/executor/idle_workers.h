// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// CPU time that the threads beside a run's caller take while there is nothing for them to do: while
// a run ends in one long task on one thread, or just after it where that thread was not the
// caller's; and later. Waking a thread of oneTBB's and its falling asleep take time as well, which
// is measured with nothing in between.

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
  // that is lent for nothing.
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

inline double MeasureLentThread(int rounds) {
  struct Nothing final : Participant {
    void Participate() override {}
  };
  std::vector<double> us;
  for (int round = 0; round < rounds; ++round) {
    double begin = OthersMicroseconds();
    ArenaBackend().Lend(std::make_shared<Nothing>());
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    us.push_back(OthersMicroseconds() - begin);
  }
  return Median(us);
}

// A task wakes the workers with eight tasks of 50 us each, after which one of 10 ms comes.
inline IdleWorkers MeasureIdleWorkers(int threads, int rounds) {
  constexpr uint32_t kWide = 8;
  Edges edges(kWide + 2);
  for (uint32_t i = 1; i <= kWide; ++i) {
    edges[0].push_back(i);
    edges[i] = {kWide + 1};
  }
  std::atomic<int64_t> worked_ns{0};  // by others than the caller
  std::thread::id caller = std::this_thread::get_id();
  auto work = [&](uint32_t node) {
    double us = node == 0 ? 0 : node <= kWide ? 50 : 10000;
    double begin = CpuMicroseconds(CLOCK_THREAD_CPUTIME_ID), now = begin;
    while (now - begin < us) now = CpuMicroseconds(CLOCK_THREAD_CPUTIME_ID);
    if (std::this_thread::get_id() != caller)
      worked_ns += static_cast<int64_t>(1e3 * (now - begin));
  };
  OwnScheduler<decltype(work)> scheduler(edges, threads, work);
  scheduler.Run();
  constexpr std::chrono::milliseconds kPause(20);
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
