// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A number of things that may exist at once; who comes later waits for one to end, in order.
//
//   std::unique_ptr<Slots::Ticket> ticket = slots.Acquire([&] { start(); });
//   ticket.reset();   // the next begins, in a later round of the loop
//
// In a later round, so that who cancels everything starts nothing by it.
//
// Thread-safety: on the loop's thread. Ownership: the slots outlive their tickets.

#ifndef HEDDLE_RUNTIME_TOOLS_SLOTS_H_
#define HEDDLE_RUNTIME_TOOLS_SLOTS_H_

#include <functional>
#include <list>
#include <memory>
#include <utility>

#include "runtime/tools/event_loop.h"

namespace heddle {

class Slots {
 public:
  // A place, or a place in the queue.
  class Ticket {
   public:
    explicit Ticket(Slots& slots) : slots_(slots) {}
    ~Ticket();

   private:
    friend class Slots;
    Slots& slots_;
    bool running_ = false;
    std::list<std::pair<Ticket*, std::function<void()>>>::iterator place_;
  };

  Slots(EventLoop& loop, int count) : loop_(loop), free_(count) {}

  // `start` is called once there is room, never before this returns.
  std::unique_ptr<Ticket> Acquire(std::function<void()> start);

  int free() const { return free_; }

  // How many things that hold some descriptors the process may have: its limit by `part`.
  static int ShareOfDescriptors(int part);

 private:
  void Wake();

  EventLoop& loop_;
  int free_;
  EventLoop::Timer wake_;
  std::list<std::pair<Ticket*, std::function<void()>>> waiting_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_SLOTS_H_
