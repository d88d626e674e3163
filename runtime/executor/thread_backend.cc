// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <utility>

#include "runtime/executor/backend.h"

namespace heddle {

ThreadBackend::ThreadBackend(int threads) : Backend(threads + 1) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

ThreadBackend::~ThreadBackend() {
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadBackend::Lend(std::shared_ptr<Participant> participant) {
  {
    std::unique_lock lock(mutex_);
    queue_.push_back(std::move(participant));
  }
  wake_.notify_one();
}

void ThreadBackend::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::shared_ptr<Participant> participant = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    participant->Participate();
    participant.reset();
    lock.lock();
  }
}

}  // namespace heddle
