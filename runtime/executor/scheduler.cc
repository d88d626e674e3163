// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/executor/scheduler.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

namespace heddle {
namespace {

constexpr std::chrono::microseconds kSpin(50);
constexpr int kLooksPerClock = 64;  // reading the clock costs as much as some looks for work
// Of an owner that is busy with short tasks: how often a thread relaxes before it looks again, at
// first 0.2 to 0.7 us.
constexpr int kFirstWait = 16;
constexpr int kLongestWait = 64;
// A guest that comes begins within this many nanoseconds, even on a processor that idles.
constexpr int64_t kLate = 80'000;

int64_t Now() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

void* Worker::Scratch(size_t bytes, const GridRun& grid, BufferPool& pool) {
  bytes = std::max(bytes, sizeof(int64_t));
  if (scratch_ == nullptr || scratch_->capacity() < bytes) {
    scratch_.Reset();
    scratch_ = pool.Allocate(bytes);
    scratch_grid_ = {};
  }
  if (scratch_ == nullptr) return nullptr;
  if (scratch_grid_ != grid) {
    scratch_grid_ = grid;
    std::memset(scratch_->data(), 0, sizeof(int64_t));
  }
  return scratch_->data();
}

Scheduler::Scheduler(Backend* backend, int threads)
    : backend_(backend), threads_(std::clamp(threads, 1, backend->concurrency())) {
  for (int i = 0; i <= threads_; ++i) {
    workers_.push_back(std::make_unique<Worker>());
    workers_.back()->scheduler_ = this;
    workers_.back()->index_ = i;
    workers_.back()->seen_.resize(threads_ + 1);
  }
}

bool Scheduler::Join() {
  // Relaxed to read, as the exchange decides; its ordering pairs with the decrement on leaving only
  // to keep the count exact.
  int active = active_.load(std::memory_order_relaxed);
  while (active < threads_) {
    if (active_.compare_exchange_weak(active, active + 1, std::memory_order_seq_cst)) return true;
  }
  return false;
}

// Gets one more thread to look for work, a sleeping caller before a borrowed one.
void Scheduler::Invite() {
  if (!Join()) return;
  int asleep = kAsleep;
  // Pairs with the store in SleepCaller; the caller it wakes is counted as active already.
  if (caller_.compare_exchange_strong(asleep, kCalled, std::memory_order_seq_cst)) {
    caller_.notify_one();
    return;
  }
  if (!agreed_.load(std::memory_order_relaxed) && backend_->gate().crowded()) {
    active_.fetch_sub(1, std::memory_order_seq_cst);
    return;
  }
  missed_since_.store(Now(), std::memory_order_relaxed);
  backend_->Lend(shared_from_this());
}

void Scheduler::LookForGuest() {
  int64_t since = missed_since_.load(std::memory_order_relaxed);
  if (since == 0 || Now() - since < kLate) return;
  // One of those that see it.
  if (missed_since_.exchange(0, std::memory_order_relaxed) == since) {
    backend_->guests().HaveNotCome();
  }
}

// With `wait`, leaves what is better done by whose it is, and then makes `*wait` how long to wait
// for the next look; without, takes whatever there is, and looks under the locks.
WorkItem Scheduler::Find(Worker& worker, int* wait) {
  if (missed_since_.load(std::memory_order_relaxed) != 0) LookForGuest();
  WorkItem item = worker.queue_.Pop();
  bool left_some = false;
  size_t count = workers_.size();
  for (size_t i = 1; !item && i < count; ++i) {
    size_t index = (worker.index_ + i) % count;
    WorkQueue& victim = workers_[index]->queue_;
    if (wait != nullptr) {
      WorkQueue::Glance now = victim.glance();
      if (now.empty()) continue;
      bool unchanged = std::exchange(worker.seen_[index], now) == now;
      if (!unchanged && !now.chunk()) {
        left_some = true;
        continue;
      }
    }
    item = victim.Steal();
  }
  if (wait != nullptr) {
    *wait = left_some ? std::clamp(2 * *wait, kFirstWait, kLongestWait) : 1;
  }
  return item;
}

// The caller has nothing to do: lets it sleep until there is work or the run is finished. Returns
// whether it counts as active afterwards.
bool Scheduler::SleepCaller(Worker& worker) {
  // Either the one that finishes sees kAsleep, or this sees that it is finished: one variable says
  // both.
  int expected = kAwake;
  if (!caller_.compare_exchange_strong(expected, kAsleep, std::memory_order_seq_cst)) return true;
  active_.fetch_sub(1, std::memory_order_seq_cst);
  // One last look, as in Work: a push that saw this thread still active is visible now.
  if (WorkItem item = Find(worker)) {
    worker.queue_.Push(item);
    expected = kAsleep;
    if (caller_.compare_exchange_strong(expected, kAwake, std::memory_order_seq_cst)) {
      // May exceed the number of threads for a moment; only the count of guests is at stake.
      active_.fetch_add(1, std::memory_order_seq_cst);
      return true;
    }
  }
  caller_.wait(kAsleep, std::memory_order_seq_cst);
  // Whoever has called it has counted it, whether or not the run was finished since.
  return (caller_.fetch_and(kFinished, std::memory_order_seq_cst) & kCalled) != 0;
}

void Scheduler::Work(Worker& worker, bool is_caller) {
  bool counted = true;
  for (;;) {
    auto deadline = std::chrono::steady_clock::time_point();
    WorkItem item;
    int wait = 1, clock = 0;
    for (int looks = 0;; looks += wait) {
      item = Find(worker, &wait);
      if (item || finished()) break;
      if (looks >= clock) {
        auto now = std::chrono::steady_clock::now();
        if (looks == 0) deadline = now + kSpin;
        clock = looks + kLooksPerClock;
        if (now >= deadline) {
          item = Find(worker);
          break;
        }
      }
      for (int i = 0; i < wait; ++i) CpuRelax();
    }
    if (item) {
      while (item) item = item.source->Execute(item, worker);
      continue;
    }
    if (is_caller) {
      if (finished()) break;
      counted = SleepCaller(worker);
      if (!counted) break;  // finished
      continue;
    }
    // Leaving. Whoever pushes after this decrement sees room and invites; what was pushed before
    // it, by one that still counted this thread, is seen in the look after it.
    worker.taken_.store(false, std::memory_order_release);
    active_.fetch_sub(1, std::memory_order_seq_cst);
    return;
  }
  if (counted) active_.fetch_sub(1, std::memory_order_seq_cst);
}

void Scheduler::Participate() {
  missed_since_.store(0, std::memory_order_relaxed);
  Gate::Inside inside;
  Guests::Visit visit(backend_->guests());
  for (;;) {
    // There are more workers than active threads, so one is free or about to be.
    // Acquire pairs with the release of the previous holder on leaving: it hands over the worker's
    // scratch memory. Worker 0 is the caller's.
    size_t index = 1;
    while (workers_[index]->taken_.exchange(true, std::memory_order_acquire)) {
      if (++index == workers_.size()) index = 1;
    }
    Worker* worker = workers_[index].get();
    Work(*worker, false);
    bool work_left = false;
    for (const std::unique_ptr<Worker>& other : workers_) {
      work_left |= !other->queue_.Quiet();
    }
    if (!work_left || !Join()) return;
  }
}

void Scheduler::Run(const WorkItem& first, bool agreed) {
  agreed_.store(agreed, std::memory_order_relaxed);
  // Relaxed: no other thread works on this run yet; the first push publishes.
  caller_.store(kAwake, std::memory_order_relaxed);
  active_.fetch_add(1, std::memory_order_seq_cst);
  Worker& worker = *workers_[0];
  WorkItem item = first;
  while (item) item = item.source->Execute(item, worker);
  Work(worker, true);
}

void Scheduler::Start(const WorkItem& first, std::function<void()> done) {
  done_callback_ = std::move(done);
  agreed_.store(false, std::memory_order_relaxed);
  caller_.store(kAwake, std::memory_order_relaxed);
  workers_[0]->queue_.Push(first);
  active_.fetch_add(1, std::memory_order_seq_cst);
  backend_->Lend(shared_from_this());
}

void Scheduler::Finish() {
  std::function<void()> done = std::move(done_callback_);
  done_callback_ = nullptr;
  // Pairs with the acquire in finished(), and with the exchange in SleepCaller.
  if (caller_.fetch_or(kFinished, std::memory_order_seq_cst) == kAsleep) caller_.notify_one();
  if (done) done();
}

}  // namespace heddle
