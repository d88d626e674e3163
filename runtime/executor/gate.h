// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Admits blocking runs, so that those of many sessions do not share processors by the system's time
// slices, each of which is longer than most runs: of ten callers on two processors one waits 16 ms
// for its next slice. First come, first served, one more than there are processors, with an
// exception that makes it cheap: whoever leaves prefers a waiting thread that was last on its own
// processor. That one goes on where the leaving one is about to sleep; on another processor it would
// wait behind whoever runs there, while this one idles. The one more keeps processors busy where
// nobody of their own waits.
//
//   Gate::Pass pass(gate, waiter, run);  // waits
//   ...                                  // the run; leaves at the end of the scope
//
// A gate is for speed only. Very short runs pass by, and so do those that take longer than a slice,
// which the system shares fairly; who has waited long goes in whatever others do, so neither a long
// run nor one that waits for another one can hold it up.
//
// Thread-safety: any thread. Nothing but a Pass ever blocks, and none does on a thread that is in a
// run: the run of a custom operator is part of the one that called it.

#ifndef HEDDLE_RUNTIME_EXECUTOR_GATE_H_
#define HEDDLE_RUNTIME_EXECUTOR_GATE_H_

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "runtime/executor/run_state.h"

namespace heddle {

class Gate {
 public:
  // Which runs wait: those of less stay out of it, as of more than a hundred in a time slice only one
  // waits, and handing over takes some 5 us; those of more take part in several slices anyway.
  struct Limits {
    std::chrono::nanoseconds least{48'000};
    std::chrono::nanoseconds most{4'000'000};
  };

  explicit Gate(int processors) : Gate(processors, Limits()) {}
  Gate(int processors, const Limits& limits) : limits_(limits), free_(processors + 1) {}

  // A session's place in the queue, and what is known about its runs.
  class Waiter {
   public:
    // How long a run takes; none yet: 0. It sinks at once and rises by an eighth: a run that was
    // stopped for a time slice takes a hundred times as long, and says nothing about the next.
    std::chrono::nanoseconds expected() const { return expected_; }
    void Took(std::chrono::nanoseconds time) {
      expected_ = expected_.count() == 0 ? time : std::min(time, expected_ + expected_ / 8 + kSlack);
    }

   private:
    friend class Gate;
    static constexpr std::chrono::nanoseconds kSlack{500};
    std::chrono::nanoseconds expected_{0};
    uint32_t runs_ = 0;  // that did not wait
    std::condition_variable wake_;
    bool queued_ = false;
    bool admitted_ = false;
    int processor_ = 0;  // where its thread was last
    int passed_ = 0;     // how often others were let in before it while it was the first
    Waiter* next_ = nullptr;
    Waiter* previous_ = nullptr;
  };

  // Says that this thread works on a run. A Pass says so, too.
  class Inside {
   public:
    Inside() { ++depth_; }
    ~Inside() { --depth_; }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    int depth() const { return depth_; }

   private:
    static thread_local int depth_;
  };

  class Pass {
   public:
    // Does not wait where the run is stopped.
    Pass(Gate& gate, Waiter& waiter, const RunState& run);
    ~Pass();
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    using Clock = std::chrono::steady_clock;
    Gate& gate_;
    Waiter& waiter_;
    const RunState& run_;
    bool admitted_ = false;
    bool timed_ = true;
    Clock::time_point begin_;
    Inside inside_;
  };

  // Ends the wait of a run that was stopped, if it waits.
  void Cancel(Waiter& waiter);

 private:
  bool Enter(Waiter& waiter, const RunState& run);
  void Leave();
  Waiter* Next();
  void Push(Waiter& waiter);
  void Remove(Waiter& waiter);

  const Limits limits_;
  std::mutex mutex_;  // guards the rest, waiters included
  int free_;          // places; none where somebody waits
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_GATE_H_
