// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One thread that waits for sockets, pipes, child processes, timers and posted functions (epoll,
// eventfd, pidfd) and calls back. All of a plan's decisions happen on it, so that they need no
// locks; nothing polls.
//
//   EventLoop loop;
//   EventLoop::Timer timer = loop.After(std::chrono::seconds(1), [] { ... });
//   loop.RunUntil([&] { return finished; });
//
// Thread-safety: Post may be called from any thread and from a signal handler's thread; the rest on
// the thread that runs the loop, or before it runs. Watches and timers end when destroyed, also
// inside their own callback.

#ifndef HEDDLE_RUNTIME_TOOLS_EVENT_LOOP_H_
#define HEDDLE_RUNTIME_TOOLS_EVENT_LOOP_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"

namespace heddle {

class EventLoop {
 public:
  using Clock = std::chrono::steady_clock;
  using Callback = std::function<void()>;

  // Handles: destroying one ends it.
  class Watch;
  class Timer;

  static absl::StatusOr<std::unique_ptr<EventLoop>> Create();
  ~EventLoop();

  // Calls back whenever `fd` is ready for `events` (EPOLLIN, EPOLLOUT), with what it is ready for.
  // The descriptor stays the caller's, who closes it after the watch has ended.
  absl::StatusOr<Watch> Add(int fd, uint32_t events, std::function<void(uint32_t)> ready);
  Timer At(Clock::time_point when, Callback callback);
  Timer After(Clock::duration delay, Callback callback) { return At(Clock::now() + delay, std::move(callback)); }
  // Runs `callback` on the loop's thread, after everything posted before it.
  void Post(Callback callback);
  // Returns once `done`, looked at after each round of callbacks, is true.
  void RunUntil(const std::function<bool()>& done);

 private:
  EventLoop();
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_EVENT_LOOP_H_
