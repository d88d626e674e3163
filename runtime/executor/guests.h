// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Threads that a backend lends, while nobody has them. The system often puts one that it wakes on
// the processor of whoever wakes it, though another idles (a virtual processor that has halted
// looks like one that was taken away), where it waits until that thread sleeps or its time slice
// ends, some milliseconds. Whoever misses a guest then has it go elsewhere.
//
//   Guests::Visit visit(guests);  // on the thread that was lent, while it works
//   guests.HaveNotCome();         // on the one that waits for it
//
// Thread-safety: any thread. Ownership: outlives the threads that visit.

#ifndef HEDDLE_RUNTIME_EXECUTOR_GUESTS_H_
#define HEDDLE_RUNTIME_EXECUTOR_GUESTS_H_

#include <atomic>
#include <mutex>
#include <vector>

#include "runtime/executor/processors.h"

namespace heddle {

class Guests {
 private:
  enum class State { kHere, kAway, kBeingMoved, kMoved };

 public:
  class Visit {
   public:
    explicit Visit(Guests& guests);
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    Guests& guests_;
    bool outer_;  // not within another one of this thread
  };

  // Those that are away begin on other processors than this thread's.
  void HaveNotCome();

 private:
  // A thread that has visited, until it ends.
  struct Guest {
    ~Guest();
    WakePlace place;  // whoever has it moved owns it meanwhile, else the thread
    std::atomic<State> state{State::kAway};
    Guests* guests = nullptr;  // in whose list it is
  };
  static Guest& ThisThread();

  std::mutex mutex_;  // guards the list
  std::vector<Guest*> known_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_GUESTS_H_
