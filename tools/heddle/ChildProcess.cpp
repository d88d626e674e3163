// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/ChildProcess.h"

#include "tools/heddle/Console.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace heddle::cli {

// The report is lines of "p TEXT" (a phase) and "r TEXT" (the result) in an anonymous file, which
// never fills up as a pipe does and outlives the child.
static void writeLine(int file, char kind, const std::string &text) {
  std::string line = std::string(1, kind) + " " + oneLine(text) + "\n";
  for (size_t done = 0; done < line.size();) {
    ssize_t count = ::write(file, line.data() + done, line.size() - done);
    if (count < 0 && errno != EINTR)
      return;
    done += count > 0 ? count : 0;
  }
}

void ChildReport::phase(const std::string &text) { writeLine(file, 'p', text); }
void ChildReport::finish(const std::string &result) { writeLine(file, 'r', result); }

static std::string contentOf(int file) {
  std::string text;
  char buffer[4096];
  for (off_t at = 0;; at += static_cast<off_t>(sizeof buffer)) {
    ssize_t count = ::pread(file, buffer, sizeof buffer, at);
    if (count <= 0)
      return text;
    text.append(buffer, count);
  }
}

std::string ChildProcess::lastLine(char kind) const {
  std::string text = contentOf(report), found;
  for (size_t at = 0; at < text.size();) {
    size_t stop = std::min(text.find('\n', at), text.size());
    if (text[at] == kind && stop > at + 2)
      found = text.substr(at + 2, stop - at - 2);
    at = stop + 1;
  }
  return found;
}

std::string ChildProcess::phase() const { return lastLine('p'); }

static sigset_t childSignal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  return set;
}

/// What the child does first: its own limits, no input, its errors into the file.
static void prepareChild(const ChildLimits &limits, int errors, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent)
    ::_exit(1);
  sigset_t set = childSignal();
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  if (limits.addressMb) {
    rlimit limit = {limits.addressMb << 20, limits.addressMb << 20};
    ::setrlimit(RLIMIT_AS, &limit);
  }
  rlimit noCore = {0, 0};
  ::setrlimit(RLIMIT_CORE, &noCore);
  if (int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC); null >= 0)
    ::dup2(null, STDIN_FILENO);
  ::dup2(errors, STDOUT_FILENO);
  ::dup2(errors, STDERR_FILENO);
}

absl::StatusOr<std::unique_ptr<ChildProcess>>
ChildProcess::start(const std::function<void(ChildReport &)> &body, const ChildLimits &limits) {
  std::unique_ptr<ChildProcess> child(new ChildProcess);
  child->limits = limits;
  child->report = ::memfd_create("report", MFD_CLOEXEC);
  child->errors = ::memfd_create("errors", MFD_CLOEXEC);
  if (child->report < 0 || child->errors < 0)
    return absl::UnavailableError(std::string("cannot create a file in memory: ") +
                                  std::strerror(errno));
  sigset_t set = childSignal();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  std::fflush(nullptr);
  child->begin = Clock::now();
  child->end = limits.seconds > 0
                   ? child->begin + std::chrono::duration_cast<Clock::duration>(
                                        std::chrono::duration<double>(limits.seconds))
                   : Clock::time_point::max();
  pid_t parent = ::getpid();
  child->pid = ::fork();
  if (child->pid < 0)
    return absl::UnavailableError(std::string("cannot start a process: ") + std::strerror(errno));
  if (child->pid == 0) {
    prepareChild(limits, child->errors, parent);
    ChildReport report(child->report);
    body(report);
    // Without destructors: worker threads and LLVM's globals need no orderly end.
    std::fflush(nullptr);
    ::_exit(0);
  }
  return child;
}

ChildProcess::~ChildProcess() {
  if (pid > 0 && !ended) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  for (int file : {report, errors})
    if (file >= 0)
      ::close(file);
}

void ChildProcess::conclude(int status) {
  ended = true;
  result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  result.result = lastLine('r');
  result.finished = WIFEXITED(status) && WEXITSTATUS(status) == 0 && !result.result.empty();
  if (result.finished)
    return;
  if (timedOut)
    result.failure = "took longer than " + std::to_string(static_cast<int>(limits.seconds)) + " s";
  else if (WIFSIGNALED(status))
    result.failure = std::string("crashed (") + strsignal(WTERMSIG(status)) + ")";
  else
    result.failure = "ended early";
  if (std::string doing = phase(); !doing.empty())
    result.failure += " while " + doing;
  // The last words are the ones that say why.
  std::string said = contentOf(errors);
  while (!said.empty() && said.back() == '\n')
    said.pop_back();
  if (size_t line = said.rfind("LLVM ERROR"); line != std::string::npos)
    said = said.substr(line, said.find('\n', line) - line);
  if (!said.empty())
    result.failure += ": " + oneLine(said.size() > 300 ? said.substr(said.size() - 300) : said);
}

bool ChildProcess::poll() {
  if (ended)
    return true;
  int status = 0;
  pid_t found = ::waitpid(pid, &status, WNOHANG);
  if (found == 0) {
    if (!timedOut && Clock::now() >= end) {
      timedOut = true;
      ::kill(pid, SIGKILL);
    }
    return false;
  }
  if (found < 0 && errno == EINTR)
    return false;
  conclude(status);
  return true;
}

void waitForChildren(Clock::time_point until) {
  auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::min(until, Clock::now() + std::chrono::seconds(1)) - Clock::now());
  int64_t ns = std::max<int64_t>(left.count(), 1'000'000);
  timespec time = {static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
  sigset_t set = childSignal();
  ::sigtimedwait(&set, nullptr, &time);
}

} // namespace heddle::cli
