// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/tools_file_parts.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace heddle {
namespace {

McpServerSpec::Stdio ReadStdio(JsonReader& reader, Variables& variables) {
  McpServerSpec::Stdio stdio;
  stdio.command.resize(1);
  if (reader.String("command", stdio.command[0]) && stdio.command[0].empty()) {
    reader.problems().Error(reader.PathOf("command"), "must name a program");
  }
  reader.Strings("args", stdio.command);
  ExpandAll(stdio.command, reader.path(), variables, reader.problems());
  stdio.environment = reader.StringMembers("env");
  for (auto& [name, value] : stdio.environment) {
    Expand(value, reader.PathOf("env." + name), variables, reader.problems());
  }
  return stdio;
}

}  // namespace

std::optional<std::chrono::milliseconds> ReadMilliseconds(JsonReader& reader,
                                                          const std::string& name, double least) {
  const std::optional<double> ms = reader.Number(name, least, kMaxMs);
  if (!ms) return std::nullopt;
  return std::chrono::milliseconds(static_cast<int64_t>(*ms));
}

bool IsToolName(std::string_view name) {
  if (name.empty() || name.size() > 128) return false;
  for (char c : name) {
    if (!absl::ascii_isalnum(c) && c != '_' && c != '-' && c != '.' && c != '/') return false;
  }
  return !absl::ascii_isdigit(name[0]) && name != "join";
}

void Expand(std::string& text, const std::string& path, Variables& variables,
            JsonProblems& problems) {
  text = variables.Expand(text);
  for (const std::string& name : variables.missing) {
    problems.Error(path, absl::StrCat("the environment has no ", name, "; set it, or write ${",
                                      name, ":-default}"));
  }
}

void ExpandAll(std::vector<std::string>& texts, const std::string& path, Variables& variables,
               JsonProblems& problems) {
  for (std::string& text : texts) Expand(text, path, variables, problems);
}

void ReadEndpoint(JsonReader& reader, Variables& variables, std::string& url,
                  std::vector<std::pair<std::string, std::string>>& headers) {
  if (reader.String("url", url, JsonReader::kRequired)) {
    Expand(url, reader.PathOf("url"), variables, reader.problems());
    const std::string lower = absl::AsciiStrToLower(url);
    if (variables.lookup && !lower.starts_with("http://") && !lower.starts_with("https://")) {
      reader.problems().Error(reader.PathOf("url"), "must begin with http:// or https://");
    }
  }
  headers = reader.StringMembers("headers");
  for (auto& [name, value] : headers) {
    Expand(value, reader.PathOf("headers." + name), variables, reader.problems());
  }
}

std::optional<McpServerSpec> ReadMcpServer(const std::string& name, JsonReader reader,
                                           Variables& variables) {
  JsonProblems& problems = reader.problems();
  McpServerSpec server;
  server.name = name;
  if (!IsToolName(name)) {
    problems.Error(reader.path(),
                   "the name of a server is part of the names of its tools: it has "
                   "letters, digits, '_', '-', '.' and '/'");
  }
  bool disabled = false;
  std::string type;
  reader.Bool("trusted", server.trusted);
  reader.Bool("disabled", disabled);
  server.call_timeout = ReadMilliseconds(reader, "timeoutMs", 1);
  if (reader.String("type", type) && type != "stdio" && type != "http" &&
      type != "streamable-http" && type != "streamableHttp") {
    problems.Error(reader.PathOf("type"), "must be \"stdio\" or \"http\"");
  }
  const bool has_url = reader.Find("url"), has_command = reader.Find("command");
  if (has_url == has_command) {
    problems.Error(reader.path(), "must have either \"command\" or \"url\"");
  } else if (has_url) {
    McpServerSpec::Http http;
    ReadEndpoint(reader, variables, http.url, http.headers);
    server.transport = std::move(http);
  } else {
    server.transport = ReadStdio(reader, variables);
  }
  reader.WarnOfTheRest();  // these entries come from other programs, with settings of theirs
  if (disabled) return std::nullopt;
  return server;
}

}  // namespace heddle
