// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether short runs of a session stay on their caller's thread or are spread over several, learnt
// from how long they take. Results are the same bits; which is faster is the machine's: how soon a
// thread wakes, what a line costs that another core wrote, whether two second caches hold weights
// that one does not. So some runs are done in either way, one way after the other, as a thread
// stays awake between spread runs that follow each other, and the rest as estimated, unless the
// other way took clearly less.
//
//   bool spread = spreading.Choose(work, guess, alone);
//   ...
//   spreading.Took(time);  // where nobody else was at work; a time if spreading.is_timed()
//
// Sizes that change from run to run are told apart by their estimated work, in octaves.
//
// Thread-safety: one run at a time.

#ifndef HEDDLE_RUNTIME_EXECUTOR_SPREADING_H_
#define HEDDLE_RUNTIME_EXECUTOR_SPREADING_H_

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstdint>

namespace heddle {

class Spreading {
 public:
  // Runs in a row in either way, of which the first ones find threads asleep and caches cold.
  static constexpr uint32_t kTrials = 32, kCold = 20;
  // Both ways are tried once in so many runs, and half as often each time that says the same again.
  static constexpr uint32_t kLeastPeriod = 1024, kMostPeriod = 16384;

  // Whether to spread a run of so many nanoseconds by estimate. `guess` is for as long as that is
  // not known. A run that others disturb is no trial.
  bool Choose(double work, bool guess, bool alone) {
    auto octave = static_cast<uint64_t>(std::clamp(work, 1.0, 1e9)) / kFirstOctave;
    now_ = &known_[std::min<size_t>(std::bit_width(octave), known_.size() - 1)];
    now_->guess = guess;
    if (alone && now_->phase < 2 * kTrials) return now_->phase < kTrials;
    return now_->decided ? now_->spread : guess;
  }

  // Whether it counts what the run that was chosen last takes: looking at the clock costs short ones
  // a hundredth.
  bool is_timed() const { return now_->phase < 2 * kTrials; }

  // What that run took, if it was timed.
  void Took(std::chrono::nanoseconds time) {
    Sizes& sizes = *now_;
    bool timed = is_timed();
    uint32_t phase = sizes.phase++;
    if (timed && phase % kTrials >= kCold) {
      sizes.times[phase / kTrials][phase % kTrials - kCold] = time.count();
    }
    if (phase + 1 == 2 * kTrials) Decide(sizes);
    if (sizes.phase >= sizes.period) sizes.phase = 0;
  }

 private:
  static constexpr uint64_t kFirstOctave = 4'000;
  using Times = std::array<int64_t, kTrials - kCold>;

  struct Sizes {
    uint32_t phase = 0, period = kLeastPeriod;
    bool decided = false, spread = false, guess = false;
    std::array<Times, 2> times;  // spread, on one thread
  };

  // The guess stands unless the other way takes a tenth less: while something else keeps a
  // processor, both take the same, and what is decided then would last for many runs.
  static void Decide(Sizes& sizes) {
    int64_t medians[2];
    for (int way : {0, 1}) {
      Times times = sizes.times[way];
      std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
      medians[way] = times[times.size() / 2];
    }
    auto clearly_less = [](int64_t a, int64_t b) { return a < b - b / 10; };
    bool spread =
        sizes.guess ? !clearly_less(medians[1], medians[0]) : clearly_less(medians[0], medians[1]);
    sizes.period = sizes.decided && spread == sizes.spread ? std::min(2 * sizes.period, kMostPeriod)
                                                           : kLeastPeriod;
    sizes.spread = spread;
    sizes.decided = true;
  }

  std::array<Sizes, 10> known_;
  Sizes* now_ = nullptr;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_SPREADING_H_
