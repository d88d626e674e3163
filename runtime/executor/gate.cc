// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/executor/gate.h"

#include <sched.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace heddle {
namespace {

// How long a run waits at most: as long as time slices of others would take, and this many times as
// long as those before it would if they were of its kind.
constexpr std::chrono::milliseconds kMostWait(20);
constexpr int kMostSlowdown = 2;
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

// Whether a session's runs are above the bound: as those of its model, unless they are far from it.
bool IsAbove(const Pace::Bound& bound, Pace& own, Crowd* crowd) {
  auto expected = own.expected();
  bool is_near = expected >= bound.end / kNear && expected < bound.begin * kNear;
  return (crowd != nullptr && is_near ? crowd->pace() : own).IsAbove(bound);
}

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
  // Which of both a crowd does between the bounds is not to follow from what came before it, such
  // as runs with cold caches.
  bool begins = crowd != nullptr && !crowded;
  return IsAbove({Pace::Bound::kWaits, limits_.least, begins ? limits_.least : limits_.passing},
                 waiter.pace_, crowd);
}

Gate::Lane& Gate::LaneOf(Waiter& waiter) {
  bool is_long =
      IsAbove({Pace::Bound::kLong, limits_.longer, limits_.shorter}, waiter.pace_, waiter.crowd_);
  return is_long ? long_ : short_;
}

void Gate::Enter(Pass& pass, int places) {
  std::unique_lock lock(mutex_);
  Waiter& waiter = pass.waiter_;
  waiter.crowd_ = pass.crowd_;
  Lane* lane = &LaneOf(waiter);
  if (std::exchange(waiter.lane_, lane) != lane) Gather(*lane, lock);
  std::optional<WakePlace> place;
  Bell* bell = nullptr;
  if (lane->first != nullptr || lane->free < places) {
    waiter.place_ = &place.emplace();
    waiter.places_ = places;
    Push(*lane, waiter);
    bell = Wait(waiter, pass.run_, lock);
    if (bell == nullptr) return;
    pass.given_ = waiter.admitted_at_;
  } else {
    lane->free -= places;
  }
  pass.lane_ = waiter.lane_;
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

void Gate::Gather(Lane& lane, std::unique_lock<std::mutex>& lock) {
  Lane& other = &lane == &long_ ? short_ : long_;
  bool gathered = false;
  for (Waiter *waiter = other.first, *next = nullptr; waiter != nullptr; waiter = next) {
    next = waiter->next_;
    if (&LaneOf(*waiter) != &lane) continue;
    Remove(*waiter);
    Push(lane, *waiter);
    gathered = true;
  }
  if (!gathered) return;
  Bells bells = AdmitAll(lane, Clock::now());
  for (Bell* bell : AdmitAll(other, Clock::now())) bells.push_back(bell);
  lock.unlock();
  for (Bell* bell : bells) bell->Ring();
  lock.lock();
}

Bell* Gate::Wait(Waiter& waiter, const RunState& run, std::unique_lock<std::mutex>& lock) {
  std::unique_ptr<Bell> taken = TakeBell();
  Bell* bell = waiter.bell_ = taken.get();
  waiter.run_ = &run;
  // With a run on each processor, which on one thread takes that many times as long as on all.
  int before = waiter.lane_->waiting - 1 + processors_;
  auto until = Clock::now() + kMostWait + kMostSlowdown * before * waiter.expected();
  // Either this sees that the run was stopped, or Cancel, which takes the lock after stopping it,
  // sees that it waits.
  while (waiter.queued_ && !run.stopped() && Clock::now() < until) {
    lock.unlock();
    bell->Wait(until);
    lock.lock();
  }
  // Kept for ever: whoever rings it does so without the lock, and may yet do so.
  bells_.push_back(std::move(taken));
  if (waiter.admitted_) return bell;
  if (waiter.queued_) {
    Remove(waiter);
    Bells bells = AdmitAll(*waiter.lane_, Clock::now());  // who comes next may want fewer places
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
    // What was stopped may have been the run before.
    if (!waiter.queued_ || !waiter.run_->stopped()) return;
    Remove(waiter);
    bells = AdmitAll(*waiter.lane_, Clock::now());  // who comes next may want fewer places
    bells.push_back(waiter.bell_);
  }
  for (Bell* bell : bells) bell->Ring();
}

int Gate::waiting() {
  std::unique_lock lock(mutex_);
  return short_.waiting + long_.waiting;
}

void Gate::Push(Lane& lane, Waiter& waiter) {
  waiter.queued_ = true;
  waiter.lane_ = &lane;
  waiter.ticket_ = ++tickets_;
  waiter.admitted_ = false;
  waiter.processor_ = Waiter::kNone;
  waiter.next_ = nullptr;
  waiter.previous_ = lane.last;
  (lane.last != nullptr ? lane.last->next_ : lane.first) = &waiter;
  lane.last = &waiter;
  ++lane.waiting;
}

void Gate::Remove(Waiter& waiter) {
  Lane& lane = *waiter.lane_;
  (waiter.previous_ != nullptr ? waiter.previous_->next_ : lane.first) = waiter.next_;
  (waiter.next_ != nullptr ? waiter.next_->previous_ : lane.last) = waiter.previous_;
  waiter.queued_ = false;
  --lane.waiting;
}

}  // namespace heddle
