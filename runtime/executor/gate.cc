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
// What a session's runs take at least of a bound, or at most, for it to do as others of its model.
constexpr int kNear = 2;
// Whoever has waited longest is passed over by those that came so soon after it, at most.
constexpr uint64_t kMostPassing = 2;
// A processor that was lent for longer than this is wanted by others, too: a yield then costs a
// time slice. So many times it is not lent then, twice as often each time.
constexpr std::chrono::microseconds kLongLent(500);
constexpr int kLeastRefusals = 4, kMostRefusals = 128;

}  // namespace

thread_local int Gate::Inside::depth_ = 0;

Gate::Pass::Pass(Gate& gate, Waiter& waiter, const RunState& run, Crowd* crowd, int threads)
    : gate_(gate),
      waiter_(waiter),
      run_(run),
      crowd_(crowd),
      crowded_(gate.present_.fetch_add(1, std::memory_order_relaxed) >= gate.processors_) {
  if (!gate.Waits(waiter, crowd, crowded_)) {
    timed_ = waiter.runs_++ % kRunsPerTiming == 0;
  } else if (inside_.depth() == 1) {
    bool tries = crowd != nullptr && crowded_;
    gate.Enter(*this, tries ? crowd->Places(std::min(threads, gate.processors_)) : 1);
  }
  if (timed_) begin_ = Clock::now();
  if (given_ == Clock::time_point()) given_ = begin_;
}

Gate::Pass::~Pass() {
  bool told = timed_ && !run_.stopped();
  auto end = told || places_ > 0 ? Clock::now() : Clock::time_point();
  if (told) waiter_.Took(end - begin_);
  if (told && crowd_ != nullptr) crowd_->pace().Took(end - begin_);
  gate_.present_.fetch_sub(1, std::memory_order_relaxed);
  if (places_ > 0) gate_.Leave(*this, end, told);
}

bool Gate::Waits(Waiter& waiter, Crowd* crowd, bool crowded) const {
  auto own = waiter.expected();
  bool is_near = own >= limits_.passing / kNear && own < limits_.least * kNear;
  if (crowd == nullptr || !is_near) return waiter.pace_.IsLong(limits_.least, limits_.passing);
  // Which of both a crowd does between the bounds is not to follow from what came before it, such
  // as runs with cold caches.
  return crowd->pace().IsLong(limits_.least, crowded ? limits_.passing : limits_.least);
}

void Gate::Enter(Pass& pass, int places) {
  std::unique_lock lock(mutex_);
  Waiter& waiter = pass.waiter_;
  waiter.long_ = waiter.expected() >= (waiter.long_ ? limits_.shorter : limits_.longer);
  Lane& lane = waiter.long_ ? long_ : short_;
  std::optional<WakePlace> place;
  Bell* bell = nullptr;
  if (lane.first != nullptr || lane.free < places) {
    waiter.place_ = &place.emplace();
    waiter.places_ = places;
    Push(lane, waiter);
    bell = Wait(waiter, pass.run_, lock);
    if (bell == nullptr) return;
    pass.given_ = waiter.admitted_at_;
  } else {
    lane.free -= places;
  }
  pass.lane_ = &lane;
  pass.places_ = places;
  bool told = bell != nullptr && waiter.processor_ != Waiter::kNone;
  if (told && waiter.processor_ == CurrentProcessor()) {
    pass.processor_ = waiter.processor_;
  } else {
    if (told) --runs_on_[waiter.processor_];
    Settle(pass, lock);
  }
  waiter.home_ = pass.processor_;
  lock.unlock();
  if (bell == nullptr) return;
  place->Leave();
  LetLeaverPass(*bell);
}

Bell* Gate::Wait(Waiter& waiter, const RunState& run, std::unique_lock<std::mutex>& lock) {
  std::unique_ptr<Bell> taken = TakeBell();
  Bell* bell = waiter.bell_ = taken.get();
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
  bells_.push_back(std::move(taken));
  if (waiter.admitted_) return bell;
  if (Lane* lane = waiter.queued_; lane != nullptr) {
    Remove(waiter);
    Bells bells = AdmitAll(*lane, Clock::now());  // who comes next may want fewer places
    lock.unlock();
    for (Bell* other : bells) other->Ring();
  }
  return nullptr;
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
void Gate::LetLeaverPass(const Bell& bell) {
  if (!bell.ringing()) return;
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

void Gate::Leave(const Pass& pass, Clock::time_point end, bool told) {
  Bells bells;
  {
    std::unique_lock lock(mutex_);
    Lane& lane = *pass.lane_;
    // A run that had more of the machine than its places says nothing about a crowd. What counts is
    // how long it kept them from others, which includes their handover.
    if (pass.crowd_ != nullptr && pass.crowded_ && told && lane.free == 0) {
      pass.crowd_->Took(pass.places_, end - pass.given_);
    }
    lane.free += pass.places_;
    --runs_on_[pass.processor_];
    bells = AdmitAll(lane, end);
  }
  for (Bell* bell : bells) bell->Ring();
}

// Who is let in where a place is left on this processor.
Gate::Waiter& Gate::Next(Lane& lane, int processor) {
  Waiter& first = *lane.first;
  for (Waiter* waiter = &first;
       waiter != nullptr && waiter->ticket_ - first.ticket_ <= kMostPassing;
       waiter = waiter->next_) {
    if (waiter->home_ == processor && waiter->places_ <= lane.free) return *waiter;
  }
  return first;
}

Gate::Bells Gate::AdmitAll(Lane& lane, Clock::time_point now) {
  Bells bells;
  while (lane.first != nullptr && lane.free >= lane.first->places_) {
    int here = CurrentProcessor();
    Waiter& next = Next(lane, here);
    lane.free -= next.places_;
    Remove(next);
    next.admitted_ = true;
    next.admitted_at_ = now;
    // It wakes where it was, unless another processor idles: told to the system only where it may,
    // as these calls take longer than the others of a handover.
    bool wakes_here = next.home_ == here && lane.free == 0 && next.places_ == 1;
    if (runs_on_[here] == 0 && (wakes_here || next.place_->Set(here))) {
      next.processor_ = here;
      ++runs_on_[here];
    }
    bells.push_back(next.bell_);
  }
  return bells;
}

std::unique_ptr<Bell> Gate::TakeBell() {
  if (bells_.empty()) return std::make_unique<Bell>();
  std::unique_ptr<Bell> bell = std::move(bells_.back());
  bells_.pop_back();
  return bell;
}

void Gate::Cancel(Waiter& waiter) {
  Bells bells;
  {
    std::unique_lock lock(mutex_);
    Lane* lane = waiter.queued_;
    // What was stopped may have been the run before.
    if (lane == nullptr || !waiter.run_->stopped()) return;
    Remove(waiter);
    bells = AdmitAll(*lane, Clock::now());  // who comes next may want fewer places
    bells.push_back(waiter.bell_);
  }
  for (Bell* bell : bells) bell->Ring();
}

int Gate::waiting() {
  std::unique_lock lock(mutex_);
  int count = 0;
  for (const Lane* lane : {&short_, &long_}) {
    for (const Waiter* waiter = lane->first; waiter != nullptr; waiter = waiter->next_) ++count;
  }
  return count;
}

void Gate::Push(Lane& lane, Waiter& waiter) {
  waiter.queued_ = &lane;
  waiter.ticket_ = ++tickets_;
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
