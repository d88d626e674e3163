// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A worker's list of ready work. Its owner pushes and pops at the end (the newest, whose data is
// warm), others steal at the front (the oldest, which tends to lead to most work). A spin lock
// guards it: it is held for a few instructions, and one uncontended exchange costs less than the
// fence that a lock-free deque needs in every pop.
//
// What is worth taking is told without the lock: a chunk, which is cut to be worth it, and else the
// oldest item of an owner that is busy with something longer than a look takes (Glance). Taking one
// from an owner that runs through tasks of nanoseconds costs both more than the task: they then
// pass each other the cache lines of counters and queues.
//
// The lock also settles who sees what when one worker pushes while another falls asleep
// (Scheduler::Work): either the one that leaves takes the lock after the push, and finds the item,
// or before it, and then the one that pushes sees the count that it left behind.

#ifndef HEDDLE_RUNTIME_EXECUTOR_WORK_QUEUE_H_
#define HEDDLE_RUNTIME_EXECUTOR_WORK_QUEUE_H_

#include <atomic>
#include <cstdint>
#include <vector>

namespace heddle {

class WorkSource;

// A task of a source, one chunk of a task, or the beginning of the whole source.
struct WorkItem {
  static constexpr uint32_t kWhole = 0xffffffff;
  static constexpr uint32_t kBegin = 0xfffffffe;
  WorkSource* source = nullptr;  // null: no work
  uint32_t task = 0;
  uint32_t chunk = kWhole;
  explicit operator bool() const { return source != nullptr; }
};

inline void CpuRelax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

class WorkQueue {
 public:
  WorkQueue() : items_(64) {}

  void Push(WorkItem item) {
    Lock();
    if (end_ - begin_ == items_.size()) Grow();
    items_[end_++ & (items_.size() - 1)] = item;
    Note();
    Unlock();
  }

  WorkItem Pop() {
    if (glance().empty()) return {};  // exact for the owner, the only one that pushes
    Lock();
    WorkItem item;
    if (begin_ != end_) item = items_[--end_ & (items_.size() - 1)];
    Note();
    Unlock();
    return item;
  }

  WorkItem Steal() {
    Lock();
    WorkItem item;
    if (begin_ != end_) item = items_[begin_++ & (items_.size() - 1)];
    Note();
    Unlock();
    return item;
  }

  // Whether it is empty, under the lock: what was pushed before is seen.
  bool Quiet() {
    Lock();
    bool quiet = begin_ == end_;
    Unlock();
    return quiet;
  }

  // What can be seen without the lock, and is a hint to others than the owner.
  class Glance {
   public:
    Glance() = default;
    bool empty() const { return (bits_ & 3) == 0; }
    bool chunk() const { return (bits_ & 3) == 2; }  // of a grid is the oldest item
    bool operator==(const Glance&) const = default;  // nothing was put in or taken out between them

   private:
    friend class WorkQueue;
    explicit Glance(uint64_t bits) : bits_(bits) {}
    uint64_t bits_ = 0;
  };
  Glance glance() const { return Glance(glance_.load(std::memory_order_relaxed)); }

 private:
  // Acquiring pairs with the release in the previous holder's Unlock.
  void Lock() {
    while (locked_.exchange(true, std::memory_order_acquire)) {
      while (locked_.load(std::memory_order_relaxed)) CpuRelax();
    }
  }
  void Unlock() { locked_.store(false, std::memory_order_release); }

  // Relaxed: a hint; the lock publishes the items.
  void Note() {
    uint64_t oldest = begin_ == end_                                                   ? 0
                      : items_[begin_ & (items_.size() - 1)].chunk == WorkItem::kWhole ? 1
                                                                                       : 2;
    glance_.store(++turns_ << 2 | oldest, std::memory_order_relaxed);
  }

  void Grow() {
    std::vector<WorkItem> larger(items_.size() * 2);
    for (uint64_t i = begin_; i != end_; ++i) {
      larger[i & (larger.size() - 1)] = items_[i & (items_.size() - 1)];
    }
    items_.swap(larger);
  }

  std::atomic<bool> locked_{false};
  std::atomic<uint64_t> glance_{0};
  uint64_t turns_ = 0;  // of anybody
  uint64_t begin_ = 0;
  uint64_t end_ = 0;
  std::vector<WorkItem> items_;  // a ring; the size is a power of two
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_WORK_QUEUE_H_
