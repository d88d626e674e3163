// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/plan/PlanSession.h"

#include "runtime/artifact/sha256.h"
#include "runtime/support/status_macros.h"
#include "runtime/tools/mcp/mcp_server.h"
#include "runtime/tools/math_tool.h"
#include "runtime/tools/model_tool.h"
#include "tools/heddle/Console.h"

#include <algorithm>
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
  if (!eventLoop)
    return;
  bool closed = false;
  tools.Close([&] { closed = true; });
  eventLoop->RunUntil([&] { return closed; });
}

absl::StatusOr<std::unique_ptr<PlanSession>> PlanSession::open(const std::string &toolsPath,
                                                               Purpose purpose) {
  std::unique_ptr<PlanSession> session(new PlanSession);
  HEDDLE_ASSIGN_OR_RETURN(session->eventLoop, EventLoop::Create());
  session->host = std::make_unique<ToolHost>(*session->eventLoop);
  HEDDLE_ASSIGN_OR_RETURN(session->text, readText(toolsPath));
  HEDDLE_ASSIGN_OR_RETURN(session->toolsFile,
                          ParseToolsFile(session->text, toolsPath,
                                         purpose == Purpose::Running ? EnvironmentVariable
                                                                     : VariableLookup()));
  for (const std::string &warning : session->toolsFile.warnings)
    note(warning);
  HEDDLE_RETURN_IF_ERROR(
      AddTools(session->toolsFile, *session->host, session->tools, MakeModelTool));
  for (const McpServerSpec &server : session->toolsFile.servers) {
    McpServerOptions options = McpOptionsOf(server);
    options.warn = note;
    session->tools.AddSource(
        MakeMcpServer(*session->eventLoop, session->host->http, std::move(options)));
  }
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
  return wait([&](auto done) { tools.Load(names, done); });
}

absl::Status PlanSession::loadAll() {
  return wait([&](auto done) { tools.LoadAll(done); });
}

std::string PlanSession::fileDigest() const { return HexText(Sha256Of(text.data(), text.size())); }

Secrets PlanSession::secrets() const {
  return Secrets(toolsFile.secrets.begin(), toolsFile.secrets.end());
}

Evaluate PlanSession::evaluate() const {
  return [this](const std::string &name, const Json &arguments) -> std::optional<Json> {
    auto spec = std::find_if(toolsFile.tools.begin(), toolsFile.tools.end(),
                             [&](const ToolSpec &tool) { return tool.description.name == name; });
    const auto *builtin = spec == toolsFile.tools.end() ? nullptr : std::get_if<BuiltinRun>(&spec->run);
    if (!builtin || builtin->name != "math")
      return std::nullopt;
    ToolOutcome outcome = EvaluateMathCall(spec->description, arguments);
    auto *value = std::get_if<Json>(&outcome);
    return value ? std::optional<Json>(std::move(*value)) : std::nullopt;
  };
}

const ToolDescription *PlanSession::find(std::string_view name) const {
  Tool *tool = tools.Find(name);
  return tool ? &tool->description() : nullptr;
}

std::vector<std::string> PlanSession::names() const {
  std::vector<std::string> all;
  for (Tool *tool : tools.tools())
    all.push_back(tool->description().name);
  return all;
}

} // namespace heddle::cli
