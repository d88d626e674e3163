// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "benchmarks/Turns.h"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <thread>

namespace heddle {
namespace {

constexpr double kTurn = 1e-3;
constexpr size_t kLeastRounds = 5;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

} // namespace

std::vector<Times> Turns::measure(const std::vector<SharedSide> &sides) const {
  std::vector<std::vector<double>> times(sides.size());
  std::vector<int> repeats(sides.size(), 1);
  std::barrier barrier(threads);
  double stop = 0;
  bool goesOn = true;
  // Thread 0 keeps the times; the barriers order what it writes and the others read. A run before
  // the first that counts brings back to the caches what other sides took from them.
  auto turn = [&](int thread, size_t side) {
    sides[side].run(thread);
    barrier.arrive_and_wait();
    double start = now();
    for (int i = 0, count = repeats[side]; i < count; ++i)
      sides[side].run(thread);
    barrier.arrive_and_wait();
    return (now() - start) / repeats[side];
  };
  auto work = [&](int thread) {
    for (size_t side = 0; side < sides.size(); ++side) {
      double once = turn(thread, side);
      barrier.arrive_and_wait();
      if (thread == 0)
        repeats[side] = std::max(1, int(kTurn / once));
    }
    if (thread == 0)
      stop = now() + seconds;
    barrier.arrive_and_wait();
    while (goesOn) {
      for (size_t side = 0; side < sides.size(); ++side) {
        double time = turn(thread, side);
        if (thread == 0)
          times[side].push_back(time);
      }
      barrier.arrive_and_wait();
      if (thread == 0)
        goesOn = now() < stop || times[0].size() < kLeastRounds;
      barrier.arrive_and_wait();
    }
  };
  std::vector<std::thread> others;
  for (int thread = 1; thread < threads; ++thread)
    others.emplace_back(work, thread);
  work(0);
  for (std::thread &other : others)
    other.join();
  std::vector<Times> result;
  for (std::vector<double> &of : times) {
    std::sort(of.begin(), of.end());
    result.push_back({of.front(), of[of.size() / 2]});
  }
  return result;
}

std::vector<Times> Turns::measure(const std::vector<Side> &sides, double seconds) {
  std::vector<SharedSide> shared;
  for (const Side &side : sides)
    shared.push_back({side.name, [&](int) { side.run(); }});
  return Turns(1, seconds).measure(shared);
}

} // namespace heddle
