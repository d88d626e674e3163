// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A child process in a group of its own, with its three standard streams on the event loop.
//
//   Process::Events events;
//   events.on_output = [&](std::string_view bytes) { ... };
//   events.on_end = [&](const ProcessEnd& end) { ... };
//   HEDDLE_ASSIGN_OR_RETURN(std::unique_ptr<Process> process,
//                           Process::Start(loop, {.command = {"sort"}}, std::move(events)));
//   process->Write("b\na\n");
//   process->CloseInput();
//
// The child gets the standard streams, default signals, and nothing else of this process. It is in
// its own group, and a signal to stop it goes to the group: to its children too.
//
// Thread-safety: on the loop's thread. Ownership: destroying a Process closes its input, asks its
// group to end and kills what is left after the grace; that goes on without the object, and without
// the loop where the loop ends first. No callback comes after. A process that dies early is no error
// to write to.

#ifndef HEDDLE_RUNTIME_TOOLS_PROCESS_H_
#define HEDDLE_RUNTIME_TOOLS_PROCESS_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/tools/event_loop.h"

namespace heddle {

struct ProcessOptions {
  std::vector<std::string> command = {};  // the first is looked up in PATH
  // Beside this process's own; a name that is there already is replaced.
  std::vector<std::pair<std::string, std::string>> environment = {};
  // How long a process that is not wanted any more may take to notice that its input has ended,
  // before SIGTERM, and how long after that, before SIGKILL.
  std::chrono::milliseconds input_grace{0};
  std::chrono::milliseconds grace{2000};
};

struct ProcessEnd {
  int exit_code = -1;  // -1 where a signal ended it
  int signal = 0;
  bool ok() const { return exit_code == 0; }
  std::string Text() const;  // "exit code 3", "killed by signal 9 (Killed)"
};

class Process {
 public:
  // All may be null; any may destroy the Process.
  struct Events {
    std::function<void(std::string_view)> on_output;
    std::function<void(std::string_view)> on_error_output;
    // No more output will come, though the process may go on.
    std::function<void()> on_output_end;
    // After the last byte of output. Where a child of the process keeps the streams open, a moment
    // after the process itself ended.
    std::function<void(const ProcessEnd&)> on_end;
  };

  // NotFound where there is no such program, ResourceExhausted where descriptors or processes run
  // out: then nothing has happened.
  static absl::StatusOr<std::unique_ptr<Process>> Start(EventLoop& loop,
                                                        const ProcessOptions& options,
                                                        Events events);
  ~Process();

  // Queues input. What a process that closed its input did not read is dropped.
  void Write(std::string bytes);
  // After everything that was written.
  void CloseInput();
  // Bytes written that the process has not taken yet.
  size_t unwritten_bytes() const;
  int pid() const;

 private:
  class State;
  explicit Process(std::shared_ptr<State> state) : state_(std::move(state)) {}
  const std::shared_ptr<State> state_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_PROCESS_H_
