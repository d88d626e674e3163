// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/plan/Interrupts.h"

#include <csignal>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace heddle::cli {

static sigset_t interruptSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

// Blocked in this thread, which is the loop's: other threads are made later and inherit it.
Interrupts::Interrupts(EventLoop &loop, std::function<void()> interrupted)
    : interrupted(std::move(interrupted)) {
  sigset_t signals = interruptSignals();
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  descriptor = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  if (auto added = loop.Add(descriptor, EPOLLIN, [this](uint32_t) { read(); }); added.ok())
    watch = *std::move(added);
}

Interrupts::~Interrupts() {
  watch.End();
  if (descriptor >= 0)
    close(descriptor);
  sigset_t signals = interruptSignals();
  sigprocmask(SIG_UNBLOCK, &signals, nullptr);
}

void Interrupts::read() {
  signalfd_siginfo information;
  if (::read(descriptor, &information, sizeof information) != sizeof information)
    return;
  if (seen)
    _exit(exitInterrupted);
  seen = true;
  interrupted();
}

} // namespace heddle::cli
