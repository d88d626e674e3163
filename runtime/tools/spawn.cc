// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <map>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

extern char** environ;

namespace heddle {
namespace {

struct Pipe {
  Descriptor read, write;
  bool Open() {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) return false;
    read = Descriptor(fds[0]);
    write = Descriptor(fds[1]);
    return true;
  }
};

// A file action that copies onto the same number would leave it closed on exec, so no end of a pipe
// may have the number of a standard stream. That happens only where the host has closed its own.
bool AboveStandardStreams(Descriptor& fd) {
  if (fd.get() > 2) return true;
  fd = Descriptor(fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
  return static_cast<bool>(fd);
}

absl::Status SpawnError(int error, const std::string& program) {
  const std::string message = absl::StrCat("cannot start '", program, "': ", strerror(error));
  if (error == ENOENT) return absl::NotFoundError(message);
  if (error == EMFILE || error == ENFILE || error == EAGAIN || error == ENOMEM) {
    return absl::ResourceExhaustedError(message);
  }
  return absl::FailedPreconditionError(message);
}

class SpawnSettings {
 public:
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    sigset_t signals;
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  // Zero or an errno.
  int Connect(int input, int output, int error_output) {
    int error = posix_spawn_file_actions_adddup2(&actions_, input, 0);
    if (error == 0) error = posix_spawn_file_actions_adddup2(&actions_, output, 1);
    if (error == 0) error = posix_spawn_file_actions_adddup2(&actions_, error_output, 2);
    // The host program may have opened files without O_CLOEXEC.
    if (error == 0) error = posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
    return error;
  }

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

std::vector<std::string> MergedEnvironment(
    const std::vector<std::pair<std::string, std::string>>& more) {
  std::map<std::string, std::string> values;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) values[text.substr(0, equals)] = text.substr(equals + 1);
  }
  for (const auto& [name, value] : more) values[name] = value;
  std::vector<std::string> merged;
  for (const auto& [name, value] : values) merged.push_back(absl::StrCat(name, "=", value));
  return merged;
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

bool SetNonBlocking(int fd) { return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0; }

}  // namespace

Child::~Child() {
  if (!running()) return;
  SignalGroup(SIGKILL);
  Reap();
}

void Child::SignalGroup(int signal) const {
  if (running()) kill(-pid_, signal);
}

int Child::Reap() {
  int status = 0;
  const pid_t pid = std::exchange(pid_, 0);
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  ended_.Close();
  return status;
}

absl::StatusOr<SpawnedChild> Spawn(
    const std::vector<std::string>& command,
    const std::vector<std::pair<std::string, std::string>>& environment) {
  if (command.empty() || command[0].empty()) {
    return absl::InvalidArgumentError("there is no command to start");
  }
  Pipe input, output, error_output;
  if (!input.Open() || !output.Open() || !error_output.Open() ||
      !AboveStandardStreams(input.read) || !AboveStandardStreams(output.write) ||
      !AboveStandardStreams(error_output.write) || !SetNonBlocking(input.write.get()) ||
      !SetNonBlocking(output.read.get()) || !SetNonBlocking(error_output.read.get())) {
    return SpawnError(errno, command[0]);
  }
  SpawnSettings settings;
  int error = settings.Connect(input.read.get(), output.write.get(), error_output.write.get());
  const std::vector<std::string> variables =
      environment.empty() ? std::vector<std::string>() : MergedEnvironment(environment);
  std::vector<char*> variable_pointers = Pointers(variables);
  pid_t pid = 0;
  if (error == 0) {
    error = posix_spawnp(&pid, command[0].c_str(), settings.actions(), settings.attributes(),
                         Pointers(command).data(),
                         environment.empty() ? environ : variable_pointers.data());
  }
  if (error != 0) return SpawnError(error, command[0]);
  Child child(pid, Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))));
  if (child.ended_fd() < 0) return SpawnError(errno, command[0]);  // the child ends with `child`
  return SpawnedChild{std::move(child), std::move(input.write), std::move(output.read),
                      std::move(error_output.read)};
}

}  // namespace heddle
