// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <oneapi/tbb/info.h>
#include <oneapi/tbb/task_arena.h>

#include "runtime/executor/backend.h"

namespace heddle {
namespace {

class TbbBackend final : public Backend {
 public:
  // One slot is reserved for callers, which take part without entering the arena: oneTBB has a
  // worker less than the machine has processors, and asking it for more prints a warning.
  TbbBackend() : concurrency_(tbb::info::default_concurrency()), arena_(concurrency_, 1) {}

  int concurrency() const override { return concurrency_; }
  void Lend(std::shared_ptr<Participant> participant) override {
    arena_.enqueue([participant = std::move(participant)] { participant->Participate(); });
  }

 private:
  const int concurrency_;
  tbb::task_arena arena_;
};

}  // namespace

Backend& ArenaBackend() {
  // Never destroyed: at exit, workers may still be leaving.
  static TbbBackend* backend = new TbbBackend;
  return *backend;
}

}  // namespace heddle
