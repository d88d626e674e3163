// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/event_loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "runtime/support/status_macros.h"
#include "runtime/tools/descriptor.h"
#include "runtime/tools/sigpipe.h"

namespace heddle {
namespace {

constexpr uint64_t kTimerEvent = 0;  // what epoll reports beside the ids of watches
constexpr uint64_t kPostEvent = 1;
constexpr uint64_t kFirstId = 2;

void Drain(int fd) {
  uint64_t count;
  while (read(fd, &count, sizeof count) < 0 && errno == EINTR) {
  }
}

}  // namespace

// What other threads may touch.
class EventLoop::PostQueue {
 public:
  explicit PostQueue(Descriptor wake) : wake_(std::move(wake)) {}
  int fd() const { return wake_.get(); }

  void Post(Callback callback) {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    callbacks_.push_back(std::move(callback));
    // One write wakes the loop for all that follow until it takes them.
    if (callbacks_.size() > 1) return;
    const uint64_t one = 1;
    while (write(wake_.get(), &one, sizeof one) < 0 && errno == EINTR) {
    }
  }

  void TakeInto(std::deque<Callback>& taken) {
    std::vector<Callback> callbacks;
    {
      std::lock_guard lock(mutex_);
      callbacks.swap(callbacks_);
    }
    for (Callback& callback : callbacks) taken.push_back(std::move(callback));
  }

  void Close() {
    std::vector<Callback> dropped;  // destroyed without the lock: what they hold may post
    std::lock_guard lock(mutex_);
    closed_ = true;
    dropped.swap(callbacks_);
    // `dropped` goes after the lock: see the order of declaration.
  }

 private:
  const Descriptor wake_;
  std::mutex mutex_;
  std::vector<Callback> callbacks_;
  bool closed_ = false;
};

class EventLoop::State {
 public:
  using Ready = std::function<void(uint32_t)>;

  struct Watched {
    int fd;
    Ready ready;
  };

  absl::Status Open() {
    epoll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
    timer_ = Descriptor(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    Descriptor wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!epoll_ || !timer_ || !wake) return absl::ErrnoToStatus(errno, "cannot make an event loop");
    posts_ = std::make_shared<PostQueue>(std::move(wake));
    for (auto [fd, id] : {std::pair(timer_.get(), kTimerEvent), {posts_->fd(), kPostEvent}}) {
      if (!Control(EPOLL_CTL_ADD, fd, EPOLLIN, id)) {
        return absl::ErrnoToStatus(errno, "cannot make an event loop");
      }
    }
    return absl::OkStatus();
  }

  bool Control(int operation, int fd, uint32_t events, uint64_t id) {
    epoll_event event = {};
    event.events = events;
    event.data.u64 = id;
    return epoll_ctl(epoll_.get(), operation, fd, &event) == 0;
  }

  absl::StatusOr<uint64_t> AddWatch(int fd, uint32_t events, Ready ready) {
    const uint64_t id = next_id_++;
    if (!Control(EPOLL_CTL_ADD, fd, events, id)) {
      return absl::ErrnoToStatus(errno, "cannot wait for a descriptor");
    }
    watches_.emplace(id, std::make_shared<Watched>(Watched{fd, std::move(ready)}));
    return id;
  }

  void SetEvents(uint64_t id, uint32_t events) {
    if (auto it = watches_.find(id); it != watches_.end()) {
      Control(EPOLL_CTL_MOD, it->second->fd, events, id);
    }
  }

  void EndWatch(uint64_t id) {
    auto it = watches_.find(id);
    if (it == watches_.end()) return;
    Control(EPOLL_CTL_DEL, it->second->fd, 0, id);
    // What the callback holds is destroyed when nothing of the loop is being changed any more.
    const std::shared_ptr<Watched> ended = std::move(it->second);
    watches_.erase(it);
  }

  uint64_t AddTimer(Clock::time_point when, Callback callback) {
    const uint64_t id = next_id_++;
    timers_.emplace(std::pair(when, id), std::move(callback));
    return id;
  }

  void EndTimer(Clock::time_point when, uint64_t id) {
    auto node = timers_.extract(std::pair(when, id));
  }

  PostQueue& posts() { return *posts_; }
  const std::shared_ptr<PostQueue>& shared_posts() { return posts_; }

  void Round() {
    ArmTimer();
    epoll_event events[256];
    const int timeout = ready_.empty() ? -1 : 0;
    const int count = epoll_wait(epoll_.get(), events, std::size(events), timeout);
    for (int i = 0; i < count; ++i) {
      const uint64_t id = events[i].data.u64;  // epoll_event is packed: no references into it
      if (id == kPostEvent) {
        Drain(posts_->fd());
        posts_->TakeInto(ready_);
      } else if (id == kTimerEvent) {
        Drain(timer_.get());
        armed_ = Clock::time_point::max();
      } else if (auto it = watches_.find(id); it != watches_.end()) {
        const std::shared_ptr<Watched> watched = it->second;  // it may end itself
        watched->ready(events[i].events);
      }
    }
    RunTimers();
    // What these post waits for the next round, so that sockets have their turn.
    for (size_t n = ready_.size(); n > 0 && !ready_.empty(); --n) {
      Callback callback = std::move(ready_.front());
      ready_.pop_front();
      callback();
    }
  }

 private:
  // Only when the earliest changes to an earlier one: a timer that ended early costs one wake-up.
  void ArmTimer() {
    if (timers_.empty() || timers_.begin()->first.first >= armed_) return;
    armed_ = timers_.begin()->first.first;
    // Never 0, which would disarm it; a time that has passed is due at once.
    const auto at = std::max<int64_t>(
        1, std::chrono::duration_cast<std::chrono::nanoseconds>(armed_.time_since_epoch()).count());
    itimerspec spec = {};
    spec.it_value = {at / 1'000'000'000, at % 1'000'000'000};
    timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
  }

  void RunTimers() {
    if (timers_.empty()) return;
    const Clock::time_point now = Clock::now();
    const uint64_t end = next_id_;  // what these add waits for the next round
    while (!timers_.empty() && timers_.begin()->first.first <= now &&
           timers_.begin()->first.second < end) {
      auto node = timers_.extract(timers_.begin());
      node.mapped()();
    }
  }

  Descriptor epoll_, timer_;
  std::shared_ptr<PostQueue> posts_;
  std::unordered_map<uint64_t, std::shared_ptr<Watched>> watches_;
  // By time, then by when they were made.
  std::map<std::pair<Clock::time_point, uint64_t>, Callback> timers_;
  std::deque<Callback> ready_;  // posted, and taken from the queue
  Clock::time_point armed_ = Clock::time_point::max();
  uint64_t next_id_ = kFirstId;
};

EventLoop::Watch& EventLoop::Watch::operator=(Watch&& other) noexcept {
  if (this == &other) return *this;
  End();
  state_ = std::move(other.state_);
  id_ = std::exchange(other.id_, 0);
  return *this;
}

void EventLoop::Watch::SetEvents(uint32_t events) {
  if (std::shared_ptr<State> state = state_.lock()) state->SetEvents(id_, events);
}

void EventLoop::Watch::End() {
  if (std::shared_ptr<State> state = std::exchange(state_, {}).lock()) {
    state->EndWatch(std::exchange(id_, 0));
  }
}

EventLoop::Timer& EventLoop::Timer::operator=(Timer&& other) noexcept {
  if (this == &other) return *this;
  End();
  state_ = std::move(other.state_);
  when_ = other.when_;
  id_ = std::exchange(other.id_, 0);
  return *this;
}

void EventLoop::Timer::End() {
  if (std::shared_ptr<State> state = std::exchange(state_, {}).lock()) {
    state->EndTimer(when_, std::exchange(id_, 0));
  }
}

void EventLoop::Poster::Post(Callback callback) const { queue_->Post(std::move(callback)); }

absl::StatusOr<std::unique_ptr<EventLoop>> EventLoop::Create() {
  auto state = std::make_shared<State>();
  HEDDLE_RETURN_IF_ERROR(state->Open());
  return std::unique_ptr<EventLoop>(new EventLoop(std::move(state)));
}

EventLoop::~EventLoop() { state_->posts().Close(); }

absl::StatusOr<EventLoop::Watch> EventLoop::Add(int fd, uint32_t events,
                                                std::function<void(uint32_t)> ready) {
  HEDDLE_ASSIGN_OR_RETURN(const uint64_t id, state_->AddWatch(fd, events, std::move(ready)));
  Watch watch;
  watch.state_ = state_;
  watch.id_ = id;
  return watch;
}

EventLoop::Timer EventLoop::At(Clock::time_point when, Callback callback) {
  Timer timer;
  timer.state_ = state_;
  timer.when_ = when;
  timer.id_ = state_->AddTimer(when, std::move(callback));
  return timer;
}

void EventLoop::Post(Callback callback) { state_->posts().Post(std::move(callback)); }

EventLoop::Poster EventLoop::poster() const {
  Poster poster;
  poster.queue_ = state_->shared_posts();
  return poster;
}

void EventLoop::RunUntil(const std::function<bool()>& done) {
  const SigpipeBlock no_sigpipe;
  while (!done()) state_->Round();
}

}  // namespace heddle
