// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A worker's list of ready work. Its owner pushes and pops at the end (the newest, whose data is
// warm), others steal at the front (the oldest, which tends to lead to most work). A spin lock
// guards it: it is held for a few instructions, and one uncontended exchange costs less than the
// fence that a lock-free deque needs in every pop.
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
    // Relaxed: a hint for EmptyHint; the lock publishes the item.
    size_.store(static_cast<uint32_t>(end_ - begin_), std::memory_order_relaxed);
    Unlock();
  }

  WorkItem Pop() {
    if (EmptyHint()) return {};  // exact for the owner, the only one that pushes
    Lock();
    WorkItem item;
    if (begin_ != end_) item = items_[--end_ & (items_.size() - 1)];
    size_.store(static_cast<uint32_t>(end_ - begin_), std::memory_order_relaxed);
    Unlock();
    return item;
  }

  WorkItem Steal() {
    Lock();
    WorkItem item;
    if (begin_ != end_) item = items_[begin_++ & (items_.size() - 1)];
    size_.store(static_cast<uint32_t>(end_ - begin_), std::memory_order_relaxed);
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

  bool EmptyHint() const { return size_.load(std::memory_order_relaxed) == 0; }

 private:
  // Acquiring pairs with the release in the previous holder's Unlock.
  void Lock() {
    while (locked_.exchange(true, std::memory_order_acquire)) {
      while (locked_.load(std::memory_order_relaxed)) CpuRelax();
    }
  }
  void Unlock() { locked_.store(false, std::memory_order_release); }

  void Grow() {
    std::vector<WorkItem> larger(items_.size() * 2);
    for (uint64_t i = begin_; i != end_; ++i) {
      larger[i & (larger.size() - 1)] = items_[i & (items_.size() - 1)];
    }
    items_.swap(larger);
  }

  std::atomic<bool> locked_{false};
  std::atomic<uint32_t> size_{0};
  uint64_t begin_ = 0;
  uint64_t end_ = 0;
  std::vector<WorkItem> items_;  // a ring; the size is a power of two
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_WORK_QUEUE_H_
