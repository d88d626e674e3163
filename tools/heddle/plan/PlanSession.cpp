// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/plan/PlanSession.h"

#include "runtime/artifact/sha256.h"
#include "runtime/support/status_macros.h"
#include "tools/heddle/Console.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace heddle::cli {

absl::StatusOr<std::string> readText(const std::string &path) {
  int file = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return absl::NotFoundError("cannot open " + path + ": " + std::strerror(errno));
  std::string text;
  char buffer[1 << 16];
  ssize_t count;
  while ((count = read(file, buffer, sizeof buffer)) > 0 || (count < 0 && errno == EINTR))
    if (count > 0)
      text.append(buffer, count);
  int error = errno;
  if (file != STDIN_FILENO)
    close(file);
  if (count < 0)
    return absl::InvalidArgumentError("cannot read " + path + ": " + std::strerror(error));
  return text;
}

PlanSession::~PlanSession() {
  if (!toolSet)
    return;
  bool closed = false;
  toolSet->Close([&] { closed = true; });
  eventLoop->RunUntil([&] { return closed; });
}

absl::StatusOr<std::unique_ptr<PlanSession>> PlanSession::open(const std::string &toolsPath,
                                                               Purpose purpose) {
  std::unique_ptr<PlanSession> session(new PlanSession);
  HEDDLE_ASSIGN_OR_RETURN(session->eventLoop, EventLoop::Create());
  session->toolSet = std::make_unique<ToolSet>(*session->eventLoop);
  session->toolCatalog = std::make_unique<RegistryCatalog>(session->registry());
  HEDDLE_ASSIGN_OR_RETURN(session->text, readText(toolsPath));
  HEDDLE_ASSIGN_OR_RETURN(
      ToolsFile file,
      ParseToolsFile(session->text, toolsPath,
                     purpose == Purpose::Running ? EnvironmentVariable : VariableLookup()));
  for (const std::string &warning : file.warnings)
    note(warning);
  HEDDLE_RETURN_IF_ERROR(session->toolSet->Add(file, note));
  return session;
}

absl::Status
PlanSession::wait(const std::function<void(std::function<void(absl::Status)>)> &start) {
  std::optional<absl::Status> outcome;
  start([&](absl::Status status) { outcome = std::move(status); });
  eventLoop->RunUntil([&] { return outcome.has_value(); });
  return *outcome;
}

absl::Status PlanSession::load(const std::vector<std::string> &names) {
  return wait([&](auto done) { registry().Load(names, done); });
}

absl::Status PlanSession::loadAll() {
  return wait([&](auto done) { registry().LoadAll(done); });
}

std::string PlanSession::fileDigest() const { return HexText(Sha256Of(text.data(), text.size())); }

} // namespace heddle::cli
