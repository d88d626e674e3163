// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One thread that waits for sockets, pipes, child processes, timers and posted functions (epoll,
// timerfd, eventfd) and calls back. All of a plan's decisions happen on it, so that they need no
// locks; nothing polls.
//
//   HEDDLE_ASSIGN_OR_RETURN(std::unique_ptr<EventLoop> loop, EventLoop::Create());
//   EventLoop::Timer timer = loop->After(std::chrono::seconds(1), [] { ... });
//   loop->RunUntil([&] { return finished; });
//
// Thread-safety: Post may be called from any thread, also from one that waits for signals (but not
// from a signal handler); the rest on the thread that runs the loop, or before it runs. Watches and
// timers end when destroyed, also inside their own callback, and may outlive the loop.

#ifndef HEDDLE_RUNTIME_TOOLS_EVENT_LOOP_H_
#define HEDDLE_RUNTIME_TOOLS_EVENT_LOOP_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"

namespace heddle {

class EventLoop {
  class State;
  class PostQueue;

 public:
  using Clock = std::chrono::steady_clock;
  using Callback = std::function<void()>;

  // Calls back for a descriptor until destroyed. One that was moved from does nothing.
  class Watch {
   public:
    Watch() = default;
    Watch(Watch&& other) noexcept { *this = std::move(other); }
    Watch& operator=(Watch&& other) noexcept;
    ~Watch() { End(); }

    // Waits for these events from now on; none is fine.
    void SetEvents(uint32_t events);
    void End();

   private:
    friend class EventLoop;
    std::weak_ptr<State> state_;
    uint64_t id_ = 0;
  };

  // Calls back once. Destroying it, or one that was moved from, calls nothing.
  class Timer {
   public:
    Timer() = default;
    Timer(Timer&& other) noexcept { *this = std::move(other); }
    Timer& operator=(Timer&& other) noexcept;
    ~Timer() { End(); }

    void End();

   private:
    friend class EventLoop;
    std::weak_ptr<State> state_;
    Clock::time_point when_;
    uint64_t id_ = 0;
  };

  // Posts for threads that may outlive the loop: after its end, Post does nothing.
  class Poster {
   public:
    void Post(Callback callback) const;

   private:
    friend class EventLoop;
    std::shared_ptr<PostQueue> queue_;
  };

  static absl::StatusOr<std::unique_ptr<EventLoop>> Create();
  ~EventLoop();

  // Calls back whenever `fd` is ready for `events` (EPOLLIN, EPOLLOUT), with what it is ready for.
  // The descriptor stays the caller's, who closes it after the watch has ended.
  absl::StatusOr<Watch> Add(int fd, uint32_t events, std::function<void(uint32_t)> ready);
  Timer At(Clock::time_point when, Callback callback);
  Timer After(Clock::duration delay, Callback callback) {
    return At(Clock::now() + delay, std::move(callback));
  }
  // Runs `callback` on the loop's thread, after everything posted before it.
  void Post(Callback callback);
  Poster poster() const;
  // Returns once `done`, looked at before and after each round of callbacks, is true. May be used
  // inside a callback.
  void RunUntil(const std::function<bool()>& done);

 private:
  explicit EventLoop(std::shared_ptr<State> state) : state_(std::move(state)) {}
  const std::shared_ptr<State> state_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_EVENT_LOOP_H_
