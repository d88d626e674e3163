// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include <array>
#include <deque>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "runtime/support/status_macros.h"
#include "runtime/tools/sigpipe.h"
#include "runtime/tools/spawn.h"

namespace heddle {
namespace {

// How long output is awaited of children that a process leaves behind.
constexpr std::chrono::milliseconds kAfterEnd{100};

ProcessEnd EndOf(int status) {
  if (WIFEXITED(status)) return {.exit_code = WEXITSTATUS(status)};
  return {.signal = WTERMSIG(status)};
}

// A child that nobody wants any more, until it is gone. The callbacks of its watch and its timer
// keep it alive, and with them the loop: where the loop ends first, its end is awaited here.
class DyingChild {
 public:
  static void Adopt(EventLoop& loop, Child child, std::array<Descriptor, 2> outputs,
                    std::chrono::milliseconds input_grace, std::chrono::milliseconds grace) {
    auto dying = std::make_shared<DyingChild>();
    dying->child_ = std::move(child);
    dying->outputs_ = std::move(outputs);
    dying->ask_at_ = EventLoop::Clock::now() + input_grace;
    dying->kill_at_ = dying->ask_at_ + grace;
    absl::StatusOr<EventLoop::Watch> watch =
        loop.Add(dying->child_.ended_fd(), EPOLLIN, [dying](uint32_t) { dying->Finish(); });
    if (!watch.ok()) return dying->Finish();
    dying->ended_ = *std::move(watch);
    dying->kill_ = loop.At(dying->kill_at_, [dying] { dying->Finish(); });
    if (input_grace.count() == 0) return dying->Ask();
    dying->ask_ = loop.At(dying->ask_at_, [dying] { dying->Ask(); });
  }

  ~DyingChild() {
    if (!child_.running()) return;
    if (!asked_ && !EndsBefore(ask_at_)) Ask();
    EndsBefore(kill_at_);
  }  // what is left of the group is killed with the child

 private:
  void Ask() {
    asked_ = true;
    child_.SignalGroup(SIGTERM);
  }

  bool EndsBefore(EventLoop::Clock::time_point when) const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(when - EventLoop::Clock::now());
    pollfd ended = {child_.ended_fd(), POLLIN, 0};
    return poll(&ended, 1, std::max<int>(0, left.count())) == 1;
  }

  // What the child leaves of its group goes with it, also where it ended in time.
  void Finish() {
    child_ = Child();
    ended_.End();
    ask_.End();
    kill_.End();
  }

  Child child_;
  // Open, though nobody reads: a word on the way out must not be the child's end by SIGPIPE.
  std::array<Descriptor, 2> outputs_;
  bool asked_ = false;
  EventLoop::Clock::time_point ask_at_, kill_at_;
  EventLoop::Watch ended_;
  EventLoop::Timer ask_, kill_;
};

}  // namespace

std::string ProcessEnd::Text() const {
  if (signal == 0) return absl::StrCat("exit code ", exit_code);
  return absl::StrCat("killed by signal ", signal, " (", strsignal(signal), ")");
}

class Process::State : public std::enable_shared_from_this<Process::State> {
 public:
  State(EventLoop& loop, Events events, const ProcessOptions& options)
      : loop_(loop),
        events_(std::move(events)),
        input_grace_(options.input_grace),
        grace_(options.grace) {}

  absl::Status Start(const ProcessOptions& options) {
    HEDDLE_ASSIGN_OR_RETURN(SpawnedChild spawned, Spawn(options.command, options.environment));
    child_ = std::move(spawned.child);
    input_ = std::move(spawned.input);
    output_.fd = std::move(spawned.output);
    error_output_.fd = std::move(spawned.error_output);
    for (Stream* stream : {&output_, &error_output_}) {
      HEDDLE_ASSIGN_OR_RETURN(
          stream->watch,
          loop_.Add(stream->fd.get(), EPOLLIN, [this, stream](uint32_t) { Read(*stream); }));
    }
    // An error is reported whatever is waited for: the process has closed its input.
    HEDDLE_ASSIGN_OR_RETURN(input_watch_, loop_.Add(input_.get(), 0, [this](uint32_t ready) {
      (ready & EPOLLERR) ? DropInput() : Flush();
    }));
    HEDDLE_ASSIGN_OR_RETURN(ended_, loop_.Add(child_.ended_fd(), EPOLLIN, [this](uint32_t) {
      ended_.End();
      leftover_ = loop_.After(kAfterEnd, [this] { Finish(); });
      FinishIfDrained();
    }));
    return absl::OkStatus();
  }

  void Abandon() {
    events_ = {};
    DropInput();
    output_.watch.End();
    error_output_.watch.End();
    leftover_.End();
    ended_.End();
    std::array<Descriptor, 2> outputs = {std::move(output_.fd), std::move(error_output_.fd)};
    if (child_.running()) {
      DyingChild::Adopt(loop_, std::move(child_), std::move(outputs), input_grace_, grace_);
    }
  }

  void Write(std::string bytes) {
    if (!input_ || close_input_ || bytes.empty()) return;
    unwritten_ += bytes.size();
    pending_.push_back(std::move(bytes));
    if (pending_.size() == 1) Flush();
  }

  void CloseInput() {
    close_input_ = true;
    Flush();
  }

  size_t unwritten() const { return unwritten_; }
  int pid() const { return child_.pid(); }

 private:
  struct Stream {
    Descriptor fd;
    EventLoop::Watch watch;
  };

  void Flush() {
    const SigpipeBlock no_sigpipe;
    while (input_ && !pending_.empty()) {
      const std::string& first = pending_.front();
      const ssize_t count = write(input_.get(), first.data() + written_, first.size() - written_);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) return input_watch_.SetEvents(EPOLLOUT);
      if (count < 0)
        return DropInput();  // it closed its input; its exit code tells what that means
      written_ += count;
      unwritten_ -= count;
      if (written_ < first.size()) continue;
      pending_.pop_front();
      written_ = 0;
    }
    if (close_input_) return DropInput();
    input_watch_.SetEvents(0);
  }

  void DropInput() {
    input_watch_.End();
    input_.Close();
    pending_.clear();
    unwritten_ = 0;
  }

  // At most so much at a time, so that a process that writes without end does not keep the loop.
  void Read(Stream& stream) {
    const std::shared_ptr<State> self = shared_from_this();  // a callback may destroy the Process
    char buffer[65536];
    const ssize_t count = read(stream.fd.get(), buffer, sizeof buffer);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) {
      stream.watch.End();
      stream.fd.Close();
      const auto callback = &stream == &output_ ? events_.on_output_end : nullptr;
      if (callback) callback();
      return FinishIfDrained();
    }
    // Taken by value: the callback may end while it runs.
    const auto callback = &stream == &output_ ? events_.on_output : events_.on_error_output;
    if (callback) callback({buffer, static_cast<size_t>(count)});
  }

  // Both streams are at their end and the child has ended.
  void FinishIfDrained() {
    if (!output_.fd && !error_output_.fd && HasEnded()) Finish();
  }

  bool HasEnded() const {
    pollfd ended = {child_.ended_fd(), POLLIN, 0};
    return child_.running() && poll(&ended, 1, 0) == 1;
  }

  void Finish() {
    const std::shared_ptr<State> self = shared_from_this();
    CloseStreams();
    leftover_.End();
    ended_.End();
    const ProcessEnd end = EndOf(child_.Reap());
    const auto on_end = std::exchange(events_, {}).on_end;
    if (on_end) on_end(end);
  }

  void CloseStreams() {
    DropInput();
    for (Stream* stream : {&output_, &error_output_}) {
      stream->watch.End();
      stream->fd.Close();
    }
  }

  EventLoop& loop_;
  Events events_;
  const std::chrono::milliseconds input_grace_, grace_;
  Child child_;
  Stream output_, error_output_;
  Descriptor input_;
  std::deque<std::string> pending_;
  size_t written_ = 0;    // of the first pending one
  size_t unwritten_ = 0;  // of all
  bool close_input_ = false;
  EventLoop::Watch input_watch_, ended_;
  EventLoop::Timer leftover_;
};

absl::StatusOr<std::unique_ptr<Process>> Process::Start(EventLoop& loop,
                                                        const ProcessOptions& options,
                                                        Events events) {
  auto state = std::make_shared<State>(loop, std::move(events), options);
  HEDDLE_RETURN_IF_ERROR(state->Start(options));
  return std::unique_ptr<Process>(new Process(std::move(state)));
}

Process::~Process() { state_->Abandon(); }
void Process::Write(std::string bytes) { state_->Write(std::move(bytes)); }
void Process::CloseInput() { state_->CloseInput(); }
size_t Process::unwritten_bytes() const { return state_->unwritten(); }
int Process::pid() const { return state_->pid(); }

}  // namespace heddle
