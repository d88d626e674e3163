// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/executor/guests.h"

#include <algorithm>

#include "runtime/executor/work_queue.h"

namespace heddle {

Guests::Guest& Guests::ThisThread() {
  thread_local Guest guest;
  return guest;
}

Guests::Guest::~Guest() {
  if (guests == nullptr) return;
  std::unique_lock lock(guests->mutex_);
  guests->known_.erase(std::find(guests->known_.begin(), guests->known_.end(), this));
}

Guests::Visit::Visit(Guests& guests) : guests_(guests) {
  Guest& guest = ThisThread();
  for (;;) {
    // Acquire pairs with the release in HaveNotCome: the place is this thread's again.
    State state = guest.state.load(std::memory_order_acquire);
    outer_ = state != State::kHere;
    if (!outer_) return;
    if (state == State::kBeingMoved) {
      CpuRelax();  // for two calls of the system
    } else if (guest.state.compare_exchange_strong(state, State::kHere,
                                                   std::memory_order_acquire)) {
      if (state == State::kMoved) guest.place.Leave();
      return;
    }
  }
}

Guests::Visit::~Visit() {
  if (!outer_) return;
  Guest& guest = ThisThread();
  if (guest.guests == nullptr) {
    std::unique_lock lock(guests_.mutex_);
    guests_.known_.push_back(&guest);
    guest.guests = &guests_;
  }
  // Release pairs with the acquire in HaveNotCome, which has the place next.
  guest.state.store(State::kAway, std::memory_order_release);
}

void Guests::HaveNotCome() {
  std::unique_lock lock(mutex_);
  for (Guest* guest : known_) {
    State state = guest->state.load(std::memory_order_relaxed);
    if (state == State::kHere) continue;
    if (!guest->state.compare_exchange_strong(state, State::kBeingMoved,
                                              std::memory_order_acquire)) {
      continue;  // it has come
    }
    guest->place.Avoid(CurrentProcessor());
    guest->state.store(State::kMoved, std::memory_order_release);
  }
}

}  // namespace heddle
