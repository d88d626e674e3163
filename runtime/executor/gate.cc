// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/executor/gate.h"

#include <sched.h>

#include <algorithm>
#include <utility>

namespace heddle {
namespace {

// How long a run waits at most: as long as time slices of others would take, and ten times as long
// as it takes itself, which is more than a queue of twenty of its kind on two processors.
constexpr std::chrono::milliseconds kMostWait(20);
constexpr int kMostWaitShares = 10;
// Of runs that do not wait only some are timed: it takes 50 ns.
constexpr uint32_t kRunsPerTiming = 8;
// A pipe is two descriptors; so many bells have one.
constexpr int kMostPipes = 64;
// A processor that was lent for longer than this is wanted by others, too: a yield then costs a time
// slice. So many times it is not lent then, twice as often each time.
constexpr std::chrono::microseconds kLongLent(500);
constexpr int kLeastRefusals = 4, kMostRefusals = 128;

}  // namespace

thread_local int Gate::Inside::depth_ = 0;

Gate::Pass::Pass(Gate& gate, Waiter& waiter, const RunState& run, Crowd* crowd, int threads)
    : gate_(gate), waiter_(waiter), run_(run), crowd_(crowd) {
  int present = gate.present_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (present <= gate.processors_) crowd_ = nullptr;  // nothing to be learnt
  if (waiter.expected() < gate.limits_.least) {
    timed_ = waiter.runs_++ % kRunsPerTiming == 0;
  } else if (waiter.expected() <= gate.limits_.most && inside_.depth() == 1) {
    int places = crowd_ != nullptr ? crowd_->Places(std::min(threads, gate.processors_)) : 1;
    if (gate.Enter(waiter, run, places)) places_ = places;
  }
  if (timed_) begin_ = Clock::now();
}

Gate::Pass::~Pass() {
  bool told = timed_ && !run_.stopped();
  auto time = told ? Clock::now() - begin_ : Clock::duration(0);
  if (told) waiter_.Took(time);
  gate_.present_.fetch_sub(1, std::memory_order_relaxed);
  if (places_ > 0) gate_.Leave(places_, told ? crowd_ : nullptr, time);
}

bool Gate::Enter(Waiter& waiter, const RunState& run, int places) {
  std::unique_lock lock(mutex_);
  if (first_ == nullptr && free_ >= places) {
    free_ -= places;
    return true;
  }
  // Either this sees that the run was stopped, or Cancel, which takes the lock after stopping it,
  // sees that it waits.
  if (run.stopped()) return false;
  std::unique_ptr<Bell> bell = TakeBell();
  waiter.bell_ = bell.get();
  waiter.places_ = places;
  Push(waiter);
  auto until = Clock::now() + kMostWait + kMostWaitShares * waiter.expected();
  while (waiter.queued_ && Clock::now() < until) {
    lock.unlock();
    bell->Wait(until);
    lock.lock();
  }
  bool admitted = waiter.admitted_;
  // Kept for ever: whoever rings it does so without the lock, and may yet do so.
  bells_.push_back(std::move(bell));
  if (waiter.queued_) {
    Remove(waiter);
    AdmitAll(lock);  // who comes next may want fewer places
  }
  lock.unlock();
  if (admitted) LetLeaverPass();
  return admitted;
}

// Whoever has let this one in wants to return to its caller, and would only do so after this run if
// the system has stopped it in favour of this thread.
void Gate::LetLeaverPass() {
  if (leaving_.load(std::memory_order_relaxed) == 0) return;
  if (refusals_.load(std::memory_order_relaxed) > 0) {
    refusals_.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  auto begin = Clock::now();
  sched_yield();
  if (Clock::now() - begin < kLongLent) {
    next_refusals_.store(kLeastRefusals, std::memory_order_relaxed);
  } else {
    int refusals = std::max(next_refusals_.load(std::memory_order_relaxed), kLeastRefusals);
    refusals_.store(refusals, std::memory_order_relaxed);
    next_refusals_.store(std::min(2 * refusals, kMostRefusals), std::memory_order_relaxed);
  }
}

void Gate::Leave(int places, Crowd* crowd, std::chrono::nanoseconds time) {
  std::unique_lock lock(mutex_);
  // A run that had more of the machine than its places says nothing about a crowd.
  if (crowd != nullptr && free_ == 0) crowd->Took(places, time);
  free_ += places;
  AdmitAll(lock);
}

// Lets those in that come first in the queue as long as there are places for them.
void Gate::AdmitAll(std::unique_lock<std::mutex>& lock) {
  while (first_ != nullptr && free_ >= first_->places_) {
    Waiter& next = *first_;
    free_ -= next.places_;
    Remove(next);
    next.admitted_ = true;
    Bell* bell = next.bell_;
    leaving_.fetch_add(1, std::memory_order_relaxed);
    // Without the lock, which the one that wakes wants at once.
    lock.unlock();
    bell->Ring();
    leaving_.fetch_sub(1, std::memory_order_relaxed);
    lock.lock();
  }
}

std::unique_ptr<Bell> Gate::TakeBell() {
  while (!bells_.empty()) {
    std::unique_ptr<Bell> bell = std::move(bells_.back());
    bells_.pop_back();
    if (bell->mine()) return bell;
  }
  return std::make_unique<Bell>(bells_made_++ < kMostPipes);
}

void Gate::Cancel(Waiter& waiter) {
  std::unique_lock lock(mutex_);
  if (!waiter.queued_) return;
  Remove(waiter);
  // Under the lock: without it the waiter may have left, and be gone.
  waiter.bell_->Ring();
  AdmitAll(lock);  // who comes next may want fewer places
}

void Gate::Push(Waiter& waiter) {
  waiter.queued_ = true;
  waiter.admitted_ = false;
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
