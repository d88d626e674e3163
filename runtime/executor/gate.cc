// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/executor/gate.h"

#include <sched.h>

#include <algorithm>
#include <optional>
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
// A processor that was lent for longer than this is wanted by others, too: a yield then costs a
// time slice. So many times it is not lent then, twice as often each time.
constexpr std::chrono::microseconds kLongLent(500);
constexpr int kLeastRefusals = 4, kMostRefusals = 128;

}  // namespace

thread_local int Gate::Inside::depth_ = 0;

Gate::Pass::Pass(Gate& gate, Waiter& waiter, const RunState& run, Crowd* crowd, int threads)
    : gate_(gate), waiter_(waiter), run_(run), crowd_(crowd) {
  int present = gate.present_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (present <= gate.processors_) crowd_ = nullptr;  // nothing to be learnt
  const Limits& limits = gate.limits_;
  waiter.waits_ = waiter.expected() >= (waiter.waits_ ? limits.passing : limits.least);
  if (!waiter.waits_) {
    timed_ = waiter.runs_++ % kRunsPerTiming == 0;
  } else if (inside_.depth() == 1) {
    gate.Enter(*this, crowd_ != nullptr ? crowd_->Places(std::min(threads, gate.processors_)) : 1);
  }
  if (timed_) begin_ = Clock::now();
}

Gate::Pass::~Pass() {
  bool told = timed_ && !run_.stopped();
  auto time = told ? Clock::now() - begin_ : Clock::duration(0);
  if (told) waiter_.Took(time);
  gate_.present_.fetch_sub(1, std::memory_order_relaxed);
  if (places_ > 0) gate_.Leave(*this, time);
}

void Gate::Enter(Pass& pass, int places) {
  std::unique_lock lock(mutex_);
  Waiter& waiter = pass.waiter_;
  waiter.long_ = waiter.expected() >= (waiter.long_ ? limits_.shorter : limits_.longer);
  Lane& lane = waiter.long_ ? long_ : short_;
  std::optional<WakePlace> place;
  if (lane.first != nullptr || lane.free < places) {
    waiter.place_ = &place.emplace();
    waiter.places_ = places;
    Push(lane, waiter);
    if (!Wait(waiter, pass.run_, lock)) return;
  } else {
    lane.free -= places;
  }
  pass.lane_ = &lane;
  pass.places_ = places;
  if (place && waiter.processor_ != Waiter::kNone) {
    pass.processor_ = waiter.processor_;
  } else {
    Settle(pass, lock);
  }
  lock.unlock();
  if (!place) return;
  place->Leave();
  LetLeaverPass();
}

// Returns whether it was let in.
bool Gate::Wait(Waiter& waiter, const RunState& run, std::unique_lock<std::mutex>& lock) {
  std::unique_ptr<Bell> bell = TakeBell();
  waiter.bell_ = bell.get();
  waiter.run_ = &run;
  auto until = Clock::now() + kMostWait + kMostWaitShares * waiter.expected();
  // Either this sees that the run was stopped, or Cancel, which takes the lock after stopping it,
  // sees that it waits.
  while (waiter.queued_ != nullptr && !run.stopped() && Clock::now() < until) {
    lock.unlock();
    bell->Wait(until);
    lock.lock();
  }
  // Kept for ever: whoever rings it does so without the lock, and may yet do so.
  bells_.push_back(std::move(bell));
  if (Lane* lane = waiter.queued_; lane != nullptr) {
    Remove(waiter);
    AdmitAll(*lane, lock);  // who comes next may want fewer places
  }
  return waiter.admitted_;
}

void Gate::Settle(Pass& pass, std::unique_lock<std::mutex>& lock) {
  pass.processor_ = CurrentProcessor();
  if (runs_on_[pass.processor_] > 0) {
    std::vector<int> busy;
    for (int i = 0; i < CountProcessors(); ++i) {
      if (runs_on_[i] > 0) busy.push_back(i);
    }
    lock.unlock();
    MoveFrom(busy);
    lock.lock();
    pass.processor_ = CurrentProcessor();
  }
  ++runs_on_[pass.processor_];
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

void Gate::Leave(const Pass& pass, std::chrono::nanoseconds time) {
  std::unique_lock lock(mutex_);
  Lane& lane = *pass.lane_;
  // A run that had more of the machine than its places says nothing about a crowd.
  if (pass.crowd_ != nullptr && time.count() > 0 && lane.free == 0) {
    pass.crowd_->Took(pass.places_, time);
  }
  lane.free += pass.places_;
  --runs_on_[pass.processor_];
  AdmitAll(lane, lock);
}

// Lets those in that come first in the queue as long as there are places for them.
void Gate::AdmitAll(Lane& lane, std::unique_lock<std::mutex>& lock) {
  while (lane.first != nullptr && lane.free >= lane.first->places_) {
    Waiter& next = *lane.first;
    lane.free -= next.places_;
    Remove(next);
    next.admitted_ = true;
    int here = CurrentProcessor();
    if (runs_on_[here] == 0 && next.place_->Set(here)) {
      next.processor_ = here;
      ++runs_on_[here];
    }
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
  Lane* lane = waiter.queued_;
  // What was stopped may have been the run before.
  if (lane == nullptr || !waiter.run_->stopped()) return;
  Remove(waiter);
  // Under the lock: without it the waiter may have left, and be gone.
  waiter.bell_->Ring();
  AdmitAll(*lane, lock);  // who comes next may want fewer places
}

void Gate::Push(Lane& lane, Waiter& waiter) {
  waiter.queued_ = &lane;
  waiter.admitted_ = false;
  waiter.processor_ = Waiter::kNone;
  waiter.next_ = nullptr;
  waiter.previous_ = lane.last;
  (lane.last != nullptr ? lane.last->next_ : lane.first) = &waiter;
  lane.last = &waiter;
}

void Gate::Remove(Waiter& waiter) {
  Lane& lane = *waiter.queued_;
  (waiter.previous_ != nullptr ? waiter.previous_->next_ : lane.first) = waiter.next_;
  (waiter.next_ != nullptr ? waiter.next_->previous_ : lane.last) = waiter.previous_;
  waiter.queued_ = nullptr;
}

}  // namespace heddle
