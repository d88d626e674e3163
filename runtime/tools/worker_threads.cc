// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/worker_threads.h"

#include <atomic>

namespace heddle {

struct WorkerThreads::Job {
  std::function<ToolOutcome()> work;
  Tool::Done done;  // touched on the loop's thread only
  std::atomic<bool> cancelled{false};
};

class WorkerThreads::Call : public ToolCall {
 public:
  explicit Call(std::shared_ptr<Job> job) : job_(std::move(job)) {}
  ~Call() override {
    // Relaxed: a worker that sees it late works for nobody; `done` is looked at on this thread.
    job_->cancelled.store(true, std::memory_order_relaxed);
    job_->done = nullptr;
  }

 private:
  const std::shared_ptr<Job> job_;
};

WorkerThreads::~WorkerThreads() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    jobs_.clear();
  }
  work_came_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

std::unique_ptr<ToolCall> WorkerThreads::Run(std::function<ToolOutcome()> work, Tool::Done done) {
  auto job = std::make_shared<Job>();
  job->work = std::move(work);
  job->done = std::move(done);
  {
    std::lock_guard lock(mutex_);
    jobs_.push_back(job);
    if (static_cast<size_t>(idle_) < jobs_.size() &&
        threads_.size() < static_cast<size_t>(max_threads_)) {
      threads_.emplace_back([this] { Work(); });
    }
  }
  work_came_.notify_one();
  return std::make_unique<Call>(std::move(job));
}

void WorkerThreads::Work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (jobs_.empty()) {
      ++idle_;
      work_came_.wait(lock);
      --idle_;
      continue;
    }
    const std::shared_ptr<Job> job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    if (!job->cancelled.load(std::memory_order_relaxed)) {
      ToolOutcome outcome = job->work();
      // Shared, as a std::function must be copyable.
      auto result = std::make_shared<ToolOutcome>(std::move(outcome));
      poster_.Post([job, result] {
        if (const Tool::Done done = std::exchange(job->done, nullptr)) done(std::move(*result));
      });
    }
    lock.lock();
  }
}

}  // namespace heddle
