// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <oneapi/tbb/info.h>
#include <oneapi/tbb/task_arena.h>

#include "runtime/executor/backend.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#define HEDDLE_TSAN(call) call
#endif
#endif
#ifndef HEDDLE_TSAN
#define HEDDLE_TSAN(call)
#endif

namespace heddle {
namespace {

// What is written before a task is enqueued is seen by the task. ThreadSanitizer cannot see that in
// oneTBB, which is not built with it, and is told.
[[maybe_unused]] char hand_over;

class TbbBackend final : public Backend {
 public:
  // One slot is reserved for callers, which take part without entering the arena: oneTBB has a
  // worker less than the machine has processors, and asking it for more prints a warning.
  explicit TbbBackend(int concurrency) : Backend(concurrency), arena_(concurrency, 1) {}

  void Lend(std::shared_ptr<Participant> participant) override {
    HEDDLE_TSAN(__tsan_release(&hand_over));
    arena_.enqueue([participant = std::move(participant)] {
      HEDDLE_TSAN(__tsan_acquire(&hand_over));
      participant->Participate();
    });
  }

 private:
  tbb::task_arena arena_;
};

}  // namespace

Backend& ArenaBackend() {
  // Never destroyed: at exit, workers may still be leaving.
  static TbbBackend* backend = new TbbBackend(tbb::info::default_concurrency());
  return *backend;
}

}  // namespace heddle
