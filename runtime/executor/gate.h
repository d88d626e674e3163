// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Admits blocking runs, as many as there are places, one for each processor, so that those of many
// sessions do not share them by the system's time slices, each of which is longer than most runs:
// of ten callers on two processors one waits 16 ms for its next slice. Whoever leaves wakes the one
// that has waited longest, on the processor that it leaves, so that none of them idles or has two
// at work; or the one that came right after it, where that one's last run was on this processor,
// whose caches have what it uses.
//
//   Gate::Pass pass(gate, waiter, run, &crowd, threads);  // waits
//   ...                                  // the run; leaves at the end of the scope
//
// A gate is for speed only. Very short runs pass by; those that take several slices have places and
// a queue of their own, so that short ones share the processors with them by slices, as the system
// does it, and do not wait for their ends. Who has waited long goes in whatever others do, so
// neither a long run nor one that waits for another one can hold it up.
//
// Thread-safety: any thread. Nothing but a Pass ever blocks, and none does on a thread that is in a
// run: the run of a custom operator is part of the one that called it.

#ifndef HEDDLE_RUNTIME_EXECUTOR_GATE_H_
#define HEDDLE_RUNTIME_EXECUTOR_GATE_H_

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "runtime/executor/bell.h"
#include "runtime/executor/crowd.h"
#include "runtime/executor/pace.h"
#include "runtime/executor/processors.h"
#include "runtime/executor/run_state.h"

namespace heddle {

class Gate {
 public:
  // Which runs wait: a session's do from `least` on, until they take less than `passing`, as of
  // more than a hundred in a time slice only one waits, and handing over takes 5 to 10 us. Those
  // that are long wait for each other only: from `longer` on, until they take less than `shorter`.
  // Of a model's sessions all do or none, unless a session's own runs are far from these bounds:
  // those that pass leave no processor to those that wait, which stop them whenever they are woken,
  // and of one model's sessions in both queues those in the shorter one have most of the machine.
  struct Limits {
    std::chrono::nanoseconds passing{24'000};
    std::chrono::nanoseconds least{36'000};
    std::chrono::nanoseconds shorter{16'000'000};
    std::chrono::nanoseconds longer{32'000'000};
  };

  explicit Gate(int processors) : Gate(processors, Limits()) {}
  Gate(int processors, const Limits& limits)
      : limits_(limits),
        processors_(processors),
        short_{.free = processors},
        long_{.free = processors},
        runs_on_(CountProcessors()) {}

  // Whether as many threads work on runs of their own, or wait, as there are processors: one more
  // would take a processor from them.
  bool crowded() const { return present_.load(std::memory_order_relaxed) >= processors_; }

  class Waiter;

 private:
  // Places, and those that wait for them.
  struct Lane {
    int free;  // places; fewer than the first in the queue wants
    Waiter* first = nullptr;
    Waiter* last = nullptr;
    int waiting = 0;
  };

 public:
  // A session's place in the queue, and what is known about its runs.
  class Waiter {
   public:
    std::chrono::nanoseconds expected() const { return pace_.expected(); }
    void Took(std::chrono::nanoseconds time) { pace_.Took(time); }
    // Where its last run began that had a place.
    int home() const { return home_; }

   private:
    friend class Gate;
    static constexpr int kNone = -1;
    Pace pace_{8, 4};
    uint32_t runs_ = 0;    // that did not wait
    uint64_t ticket_ = 0;  // in the order in which they came
    const RunState* run_ = nullptr;
    Crowd* crowd_ = nullptr;
    Bell* bell_ = nullptr;
    WakePlace* place_ = nullptr;
    int home_ = kNone;
    int processor_ = kNone;  // where it is to wake
    int places_ = 0;         // that it wants
    Lane* lane_ = nullptr;   // where it waits or has its places, or did last
    bool queued_ = false;
    bool admitted_ = false;
    std::chrono::steady_clock::time_point admitted_at_;
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
    // Does not wait where the run is stopped. Without what is known of crowds it wants one place.
    Pass(Gate& gate, Waiter& waiter, const RunState& run, Crowd* crowd = nullptr, int threads = 1);
    ~Pass();
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;
    // Whether the run has places for more threads than its caller's.
    bool has_places() const { return places_ > 1; }
    // Whether no other thread works on a run.
    bool alone() const { return gate_.present_.load(std::memory_order_relaxed) == 1; }
    // Whether it is short, and others have the other processors.
    bool has_one_processor() const {
      return places_ == 1 && lane_ == &gate_.short_ && gate_.crowded();
    }

   private:
    friend class Gate;
    using Clock = std::chrono::steady_clock;
    Gate& gate_;
    Waiter& waiter_;
    const RunState& run_;
    Crowd* const crowd_;
    Lane* lane_ = nullptr;  // in which it has places
    int places_ = 0;
    int processor_ = 0;  // where it began, if it has places
    bool timed_ = true;
    bool crowded_;             // when it came
    Clock::time_point given_;  // when it was given its places
    Clock::time_point begin_;
    Inside inside_;
  };

  // Ends the wait of a run that was stopped, if it waits.
  void Cancel(Waiter& waiter);

  // How many wait.
  int waiting();

 private:
  using Clock = std::chrono::steady_clock;
  using Bells = absl::InlinedVector<Bell*, 4>;
  // Whether the next run waits where there is no place for it.
  bool Waits(Waiter& waiter, Crowd* crowd, bool crowded) const;
  // The queue for its next run.
  Lane& LaneOf(Waiter& waiter);
  // Those that wait in the other queue though this one is theirs by now come over.
  void Gather(Lane& lane, std::unique_lock<std::mutex>& lock);
  void Enter(Pass& pass, int places);
  // Returns the bell that it waited for where it was let in, else null.
  Bell* Wait(Waiter& waiter, const RunState& run, std::unique_lock<std::mutex>& lock);
  // Has the run begin on a processor where none of those began that have places, if there is one.
  void Settle(Pass& pass, std::unique_lock<std::mutex>& lock);
  // `told`: the time that the run took says something.
  void Leave(const Pass& pass, Clock::time_point end, bool told);
  // Lets those in for whom there are places, and returns what to ring without the lock, which they
  // want at once.
  Bells AdmitAll(Lane& lane, Clock::time_point now);
  static Waiter& Next(Lane& lane, int processor);
  void LetLeaverPass(const Bell& bell);
  std::unique_ptr<Bell> TakeBell();
  void Push(Lane& lane, Waiter& waiter);
  void Remove(Waiter& waiter);

  const Limits limits_;
  const int processors_;
  std::atomic<int> present_{0};  // relaxed: what follows from it is only speed
  // How often nobody yields to whoever has let it in, and how often the next time.
  std::atomic<int> refusals_{0}, next_refusals_{0};
  std::mutex mutex_;  // guards the rest, waiters included
  Lane short_, long_;
  std::vector<int> runs_on_;  // by processor: that have places and began there
  uint64_t tickets_ = 0;
  std::vector<std::unique_ptr<Bell>> bells_;  // that nobody waits for
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_GATE_H_
