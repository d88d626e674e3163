// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Work in a child process, so that a crash, a hang or a hunger for memory there is an outcome here.
// The child is a fork without exec: what the parent has loaded need not be loaded again, which for
// the compiler and LLVM is 30 ms. So the parent must not have started threads.
//
//   auto child = ChildProcess::start([](ChildReport &report) { report.finish("{}"); }, {});
//   while (!(*child)->poll()) waitForChildren(deadline);
//   const ChildOutcome &outcome = (*child)->outcome();
//
// Not thread-safe.

#ifndef HEDDLE_TOOLS_HEDDLE_CHILDPROCESS_H
#define HEDDLE_TOOLS_HEDDLE_CHILDPROCESS_H

#include "absl/status/statusor.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <sys/types.h>

namespace heddle::cli {

using Clock = std::chrono::steady_clock;

struct ChildLimits {
  double seconds = 0;     ///< 0: none
  uint64_t addressMb = 0; ///< 0: none
};

/// How the child tells what it does. Texts are one line each.
class ChildReport {
public:
  explicit ChildReport(int file) : file(file) {}
  void phase(const std::string &text);
  void finish(const std::string &result);

private:
  int file;
};

struct ChildOutcome {
  bool finished = false; ///< the child said its result and ended well
  std::string result;
  std::string failure; ///< else: "crashed (Segmentation fault) while optimising"
  double seconds = 0;
};

class ChildProcess {
public:
  static absl::StatusOr<std::unique_ptr<ChildProcess>>
  start(const std::function<void(ChildReport &)> &body, const ChildLimits &limits);
  ~ChildProcess(); ///< ends the child

  /// Whether the child has ended; kills it where its time is over.
  bool poll();
  Clock::time_point deadline() const { return end; }
  const ChildOutcome &outcome() const { return result; }
  /// What the child is doing now.
  std::string phase() const;

private:
  ChildProcess() = default;
  void conclude(int status);
  std::string lastLine(char kind) const;

  pid_t pid = -1;
  int report = -1, errors = -1;
  ChildLimits limits;
  Clock::time_point begin, end;
  bool timedOut = false, ended = false;
  ChildOutcome result;
};

/// Sleeps until some child ends or the time has come.
void waitForChildren(Clock::time_point until);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_CHILDPROCESS_H
