// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The outcome of a run while it goes on: the first error wins, later work is skipped but still
// counted, so that every run comes to its end.
//
// Thread-safety: Reset between runs; all else from any thread.

#ifndef HEDDLE_RUNTIME_EXECUTOR_RUN_STATE_H_
#define HEDDLE_RUNTIME_EXECUTOR_RUN_STATE_H_

#include <atomic>
#include <mutex>
#include <utility>

#include "absl/status/status.h"

namespace heddle {

class RunState {
 public:
  void Reset() {
    std::unique_lock lock(mutex_);
    status_ = absl::OkStatus();
    stopped_.store(false, std::memory_order_relaxed);
  }

  void Fail(absl::Status status) {
    std::unique_lock lock(mutex_);
    if (status_.ok()) status_ = std::move(status);
    stopped_.store(true, std::memory_order_relaxed);
  }

  void Cancel() { Fail(absl::CancelledError("the run was cancelled")); }

  // Relaxed: a hint that saves work; the status is read under the lock.
  bool stopped() const { return stopped_.load(std::memory_order_relaxed); }

  absl::Status status() const {
    std::unique_lock lock(mutex_);
    return status_;
  }

 private:
  mutable std::mutex mutex_;
  absl::Status status_;
  std::atomic<bool> stopped_{false};
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_RUN_STATE_H_
