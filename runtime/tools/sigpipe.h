// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// While it lives, a write to a pipe or socket that nobody reads is an error for this thread and not
// the end of the process. The process's own handling of SIGPIPE stays as the host program set it.
//
// Thread-safety: ends on the thread that made it.

#ifndef HEDDLE_RUNTIME_TOOLS_SIGPIPE_H_
#define HEDDLE_RUNTIME_TOOLS_SIGPIPE_H_

#include <signal.h>
#include <time.h>

namespace heddle {

class SigpipeBlock {
 public:
  SigpipeBlock() {
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ~SigpipeBlock() {
    // Takes away the one that came meanwhile, which unblocking would deliver.
    const timespec at_once = {};
    if (!was_pending_) sigtimedwait(&sigpipe_, nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SigpipeBlock(const SigpipeBlock&) = delete;

 private:
  sigset_t sigpipe_, before_;
  bool was_pending_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_SIGPIPE_H_
