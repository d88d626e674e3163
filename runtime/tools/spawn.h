// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Starts a child process with pipes, in its own process group, and owns its end: a Child is reaped,
// and its group killed, whatever becomes of its owner.
//
// Thread-safety: as a value; it moves.

#ifndef HEDDLE_RUNTIME_TOOLS_SPAWN_H_
#define HEDDLE_RUNTIME_TOOLS_SPAWN_H_

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/tools/descriptor.h"

namespace heddle {

// The child leads a group of its own. Until it is reaped its number stays taken, also when it has
// ended, so that a signal to the group can hit nobody else.
class Child {
 public:
  Child() = default;
  Child(pid_t pid, Descriptor ended) : pid_(pid), ended_(std::move(ended)) {}
  Child(Child&& other) noexcept
      : pid_(std::exchange(other.pid_, 0)), ended_(std::move(other.ended_)) {}
  Child& operator=(Child&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(ended_, other.ended_);
    return *this;
  }
  // Kills the group and waits for the child where that was not done.
  ~Child();

  pid_t pid() const { return pid_; }
  int ended_fd() const { return ended_.get(); }  // readable once the child has ended
  bool running() const { return pid_ > 0; }
  void SignalGroup(int signal) const;
  // Frees its number; the status as waitpid has it. Only when it has ended, or it blocks.
  int Reap();

 private:
  pid_t pid_ = 0;
  Descriptor ended_;
};

struct SpawnedChild {
  Child child;
  Descriptor input, output, error_output;  // this side's ends, which do not block
};

absl::StatusOr<SpawnedChild> Spawn(
    const std::vector<std::string>& command,
    const std::vector<std::pair<std::string, std::string>>& environment);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_SPAWN_H_
