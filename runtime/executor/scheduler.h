// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs work items on at most a given number of threads. Executing an item yields the next one to
// run on the same thread and may push others, which idle threads take.
//
// Threads: a blocking Run works on its caller's thread and borrows more from the backend as work
// appears; Start only borrows. A thread that finds nothing, or only tasks too short to be worth
// taking, spins for at most 50 us and then goes back; between runs no thread is held. With one
// thread the backend is never touched.
//
// One run at a time. The one that starts a run may be any thread. Participants keep the scheduler
// alive (it is held by shared_ptr), the work's sources must only live until the run is finished.

#ifndef HEDDLE_RUNTIME_EXECUTOR_SCHEDULER_H_
#define HEDDLE_RUNTIME_EXECUTOR_SCHEDULER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "runtime/executor/backend.h"
#include "runtime/executor/work_queue.h"
#include "runtime/memory/buffer_pool.h"

namespace heddle {

class Scheduler;

// A grid that is computed: a task in one run of its frame.
struct GridRun {
  uint64_t run = 0;
  uint32_t task = 0;
  bool operator==(const GridRun&) const = default;
};

// What a thread has while it takes part in a run.
class Worker {
 public:
  int index() const { return index_; }
  // Makes work available to idle threads.
  void Push(WorkItem item);
  // Memory private to this thread until the next call; null where there is none. Where that call is
  // for the same grid, it finds what this one left; else eight zeros come first (kernel_abi.h).
  void* Scratch(size_t bytes, const GridRun& grid, BufferPool& pool);

 private:
  friend class Scheduler;
  Scheduler* scheduler_ = nullptr;
  int index_ = 0;
  // By worker: what its queue was like when this thread looked for work last.
  std::vector<WorkQueue::Glance> seen_;
  WorkQueue queue_;
  BufferRef scratch_;
  GridRun scratch_grid_;
  std::atomic<bool> taken_{false};
};

class WorkSource {
 public:
  virtual ~WorkSource() = default;
  // Runs the item; the result, if any, runs next on the same thread. Both are passed in registers.
  virtual WorkItem Execute(WorkItem item, Worker& worker) = 0;
};

class Scheduler : public Participant, public std::enable_shared_from_this<Scheduler> {
 public:
  Scheduler(Backend* backend, int threads);

  int threads() const { return threads_; }
  Backend& backend() const { return *backend_; }
  // The worker of a caller that runs things itself, without the scheduler.
  Worker& caller() { return *workers_[0]; }

  // Executes `first` and all that follows from it; returns once Finish() was called. Where callers
  // have all processors, others help only if that was agreed.
  void Run(const WorkItem& first, bool agreed = false);
  // The same on other threads. `done` is called on one of them, last of all.
  void Start(const WorkItem& first, std::function<void()> done);
  // Called by the work, once per run, when nothing of it is left.
  void Finish();

  void Participate() override;

 private:
  friend class Worker;
  void Invite();
  bool Join();
  void Work(Worker& worker, bool is_caller);
  WorkItem Find(Worker& worker, int* wait = nullptr);
  bool SleepCaller(Worker& worker);
  void LookForGuest();

  // States of the thread that called Run; kFinished is a bit beside them, set once, at the end of the
  // run, so that whoever sets it has nothing more to do with a run that begins after it.
  enum Caller : int { kAwake, kAsleep, kCalled, kFinished = 4 };

  // Acquire pairs with the release in Finish: all that was done is visible.
  bool finished() const { return (caller_.load(std::memory_order_acquire) & kFinished) != 0; }

  Backend* const backend_;
  const int threads_;
  std::vector<std::unique_ptr<Worker>> workers_;  // one more than threads_: a sleeping caller's
  std::function<void()> done_callback_;
  std::atomic<bool> agreed_{false};  // relaxed: the first push publishes it
  alignas(64) std::atomic<int> active_{0};
  std::atomic<int> caller_{kFinished};
  // When a guest was asked for that has not come, of this clock; else 0. Relaxed: only speed
  // follows.
  std::atomic<int64_t> missed_since_{0};
};

inline void Worker::Push(WorkItem item) {
  queue_.Push(item);
  // After the queue's lock, which orders it: see WorkQueue.
  if (scheduler_->active_.load(std::memory_order_seq_cst) < scheduler_->threads_) {
    scheduler_->Invite();
  }
}

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_SCHEDULER_H_
