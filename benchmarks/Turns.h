// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Times several sides in turns, as neighbours on the machine come and go: each round runs every
// side for about a millisecond, on all threads at once.
//
//   std::vector<Times> times = Turns(2, 0.4).measure({{"product", product}, {"read", read}});

#ifndef HEDDLE_BENCHMARKS_TURNS_H
#define HEDDLE_BENCHMARKS_TURNS_H

#include <functional>
#include <string>
#include <vector>

namespace heddle {

/// One of the things that are compared.
struct Side {
  std::string name;
  std::function<void()> run;
};

/// The same on several threads: each runs its share.
struct SharedSide {
  std::string name;
  std::function<void(int thread)> run;
};

/// Seconds of one run.
struct Times {
  double best, median;
};

class Turns {
public:
  /// `seconds` for all rounds together; at least five rounds.
  Turns(int threads, double seconds) : threads(threads), seconds(seconds) {}

  std::vector<Times> measure(const std::vector<SharedSide> &sides) const;
  /// On one thread.
  static std::vector<Times> measure(const std::vector<Side> &sides, double seconds);

private:
  int threads;
  double seconds;
};

} // namespace heddle

#endif // HEDDLE_BENCHMARKS_TURNS_H
