// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where worker threads come from. The scheduler decides what runs; a backend only lends threads.
// One process has one oneTBB arena, shared by all sessions, so that many sessions do not
// oversubscribe the machine. The second backend, on std::thread, exists for ThreadSanitizer, which
// cannot see into oneTBB, and for tests that need more threads than processors.
//
// Thread-safety: all functions may be called from any thread. Ownership: the process's backend
// lives for ever; a thread backend outlives the sessions that use it.

#ifndef HEDDLE_RUNTIME_EXECUTOR_BACKEND_H_
#define HEDDLE_RUNTIME_EXECUTOR_BACKEND_H_

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/executor/gate.h"
#include "runtime/executor/guests.h"

namespace heddle {

class Participant {
 public:
  virtual ~Participant() = default;
  // Called on a worker thread, once for each Lend.
  virtual void Participate() = 0;
};

class Backend {
 public:
  explicit Backend(int concurrency) : concurrency_(concurrency), gate_(concurrency) {}
  virtual ~Backend() = default;
  // How many threads may work at once, a caller that takes part included.
  int concurrency() const { return concurrency_; }
  // Where blocking runs wait for their turn.
  Gate& gate() { return gate_; }
  // The threads that it has lent.
  Guests& guests() { return guests_; }
  // Has a worker call participant->Participate() soon. Does not block.
  virtual void Lend(std::shared_ptr<Participant> participant) = 0;

 private:
  const int concurrency_;
  Gate gate_;
  Guests guests_;
};

// The process's oneTBB arena, made at the first use.
Backend& ArenaBackend();

class ThreadBackend final : public Backend {
 public:
  explicit ThreadBackend(int threads);
  ~ThreadBackend() override;  // waits for what was lent
  void Lend(std::shared_ptr<Participant> participant) override;

 private:
  void Work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Participant>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_BACKEND_H_
