// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/slots.h"

#include <sys/resource.h>

#include <algorithm>

namespace heddle {

Slots::Ticket::~Ticket() {
  if (!running_) {
    slots_.waiting_.erase(place_);
    return;
  }
  ++slots_.free_;
  slots_.Wake();
}

std::unique_ptr<Slots::Ticket> Slots::Acquire(std::function<void()> start) {
  auto ticket = std::make_unique<Ticket>(*this);
  ticket->place_ = waiting_.insert(waiting_.end(), {ticket.get(), std::move(start)});
  Wake();
  return ticket;
}

void Slots::Wake() {
  if (waiting_.empty() || free_ == 0) return;
  wake_ = loop_.After({}, [this] {
    while (!waiting_.empty() && free_ > 0) {
      auto [ticket, start] = std::move(waiting_.front());
      waiting_.pop_front();
      ticket->running_ = true;
      --free_;
      start();
    }
  });
}

int Slots::ShareOfDescriptors(int part) {
  rlimit descriptors = {};
  getrlimit(RLIMIT_NOFILE, &descriptors);
  return static_cast<int>(std::clamp<rlim_t>(descriptors.rlim_cur / part, 16, 1024));
}

}  // namespace heddle
