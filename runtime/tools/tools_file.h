// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tools file as data: what tools there are, how each is run, and which MCP servers have more.
// docs/tools.md has the format.
//
//   HEDDLE_ASSIGN_OR_RETURN(ToolsFile file, ParseToolsFile(text, "tools.json", EnvironmentVariable));
//   HEDDLE_RETURN_IF_ERROR(AddTools(file, host, registry));     // tool_makers.h
//
// Everything wrong is reported at once, each with its place in the file. Values of "${NAME}" are in
// `run` and `servers` only: descriptions may be printed and recorded.
//
// Thread-safety: plain data.

#ifndef HEDDLE_RUNTIME_TOOLS_TOOLS_FILE_H_
#define HEDDLE_RUNTIME_TOOLS_TOOLS_FILE_H_

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/tools/tool.h"
#include "runtime/tools/variables.h"

namespace heddle {

struct CommandRun {
  std::vector<std::string> command;
};
struct HttpRun {
  std::string url;
  std::string method = "POST";
  std::vector<std::pair<std::string, std::string>> headers;
};
struct ModelRun {
  std::string path;
};
struct BuiltinRun {
  std::string name;
};

struct ToolSpec {
  ToolDescription description;
  bool has_schema = true;  // else the one that runs it says what it takes
  std::variant<CommandRun, HttpRun, ModelRun, BuiltinRun> run;
};

struct McpServerSpec {
  struct Stdio {
    std::vector<std::string> command;                              // with its arguments
    std::vector<std::pair<std::string, std::string>> environment;  // beside this process's own
  };
  struct Http {
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
  };
  std::string name;
  bool trusted = false;  // its readOnlyHint counts as a declaration of effects
  std::optional<std::chrono::milliseconds> call_timeout;  // of one attempt of a call
  std::variant<Stdio, Http> transport;
};

struct ToolsFile {
  std::vector<ToolSpec> tools;
  std::vector<McpServerSpec> servers;
  std::vector<std::string> warnings;
  std::map<std::string, std::string> secrets;  // variables that were put in, with their values
};

// InvalidArgument with a line for each error. Without `variables`, "${NAME}" stays: for looking at
// tools, not for running them.
absl::StatusOr<ToolsFile> ParseToolsFile(std::string_view text, const std::string& file_name,
                                         VariableLookup variables);

// How a file may spell effects; false where it may not.
bool ParseToolEffects(std::string_view text, ToolEffects& effects);

// An entry of "tools" without "run", for a tool that runs elsewhere, and back.
absl::StatusOr<ToolDescription> ParseToolDescription(std::string_view text);
Json ToJson(const ToolDescription& tool);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_TOOLS_FILE_H_
