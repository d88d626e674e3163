// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/executor/gate.h"

#include <sched.h>

namespace heddle {
namespace {

// How often the first in the queue is passed over for one that was last on the leaver's processor.
constexpr int kMostPassed = 2;
// How long a run waits at most: as long as time slices of others would take, and ten times as long
// as it takes itself, which is more than a queue of twenty of its kind on two processors.
constexpr std::chrono::milliseconds kMostWait(20);
constexpr int kMostWaitShares = 10;
// Of runs that do not wait only some are timed: it takes 50 ns.
constexpr uint32_t kRunsPerTiming = 8;

}  // namespace

thread_local int Gate::Inside::depth_ = 0;

Gate::Pass::Pass(Gate& gate, Waiter& waiter, const RunState& run)
    : gate_(gate), waiter_(waiter), run_(run) {
  if (waiter.expected() < gate.limits_.least) {
    timed_ = waiter.runs_++ % kRunsPerTiming == 0;
  } else if (waiter.expected() <= gate.limits_.most && inside_.depth() == 1) {
    admitted_ = gate.Enter(waiter, run);
  }
  if (timed_) begin_ = Clock::now();
}

Gate::Pass::~Pass() {
  if (timed_ && !run_.stopped()) waiter_.Took(Clock::now() - begin_);
  if (admitted_) gate_.Leave();
}

bool Gate::Enter(Waiter& waiter, const RunState& run) {
  std::unique_lock lock(mutex_);
  if (free_ > 0) {
    --free_;
    return true;
  }
  // Either this sees that the run was stopped, or Cancel, which takes the lock after stopping it,
  // sees that it waits.
  if (run.stopped()) return false;
  Push(waiter);
  waiter.wake_.wait_for(lock, kMostWait + kMostWaitShares * waiter.expected(),
                        [&] { return !waiter.queued_; });
  if (waiter.queued_) Remove(waiter);
  return waiter.admitted_;
}

void Gate::Leave() {
  std::unique_lock lock(mutex_);
  Waiter* next = Next();
  if (next == nullptr) {
    ++free_;
    return;
  }
  Remove(*next);
  next->admitted_ = true;
  // Under the lock: without it the waiter may have left, and be gone.
  next->wake_.notify_one();
}

Gate::Waiter* Gate::Next() {
  if (first_ == nullptr || first_->passed_ >= kMostPassed) return first_;
  int here = sched_getcpu();
  Waiter* next = first_;
  while (next != nullptr && next->processor_ != here) next = next->next_;
  if (next == nullptr) return first_;
  if (next != first_) ++first_->passed_;
  return next;
}

void Gate::Cancel(Waiter& waiter) {
  std::unique_lock lock(mutex_);
  if (!waiter.queued_) return;
  Remove(waiter);
  waiter.wake_.notify_one();
}

void Gate::Push(Waiter& waiter) {
  waiter.queued_ = true;
  waiter.admitted_ = false;
  waiter.processor_ = sched_getcpu();
  waiter.passed_ = 0;
  waiter.next_ = nullptr;
  waiter.previous_ = last_;
  (last_ != nullptr ? last_->next_ : first_) = &waiter;
  last_ = &waiter;
}

void Gate::Remove(Waiter& waiter) {
  (waiter.previous_ != nullptr ? waiter.previous_->next_ : first_) = waiter.next_;
  (waiter.next_ != nullptr ? waiter.next_->previous_ : last_) = waiter.previous_;
  waiter.queued_ = false;
}

}  // namespace heddle
