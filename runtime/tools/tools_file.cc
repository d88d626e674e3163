// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/tools_file.h"

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/support/status_macros.h"
#include "runtime/tools/json_reader.h"

namespace heddle {
namespace {

constexpr double kMaxMs = 1e9;  // eleven days

std::chrono::milliseconds Milliseconds(double value) {
  return std::chrono::milliseconds(static_cast<int64_t>(value));
}

// What a plan can spell as the name of a call.
bool IsToolName(std::string_view name) {
  if (name.empty() || name.size() > 128) return false;
  for (char c : name) {
    if (!absl::ascii_isalnum(c) && c != '_' && c != '-' && c != '.' && c != '/') return false;
  }
  return !absl::ascii_isdigit(name[0]) && name != "join";
}

class Parser {
 public:
  explicit Parser(VariableLookup lookup) { variables_.lookup = std::move(lookup); }

  ToolsFile Parse(const Json& root) {
    ToolsFile file;
    JsonReader reader(root, "", problems_);
    if (const Json* tools = reader.Find("tools")) {
      if (!tools->is_array()) problems_.Error("tools", "must be a list");
      for (size_t i = 0; tools->is_array() && i < tools->size(); ++i) {
        file.tools.push_back(ParseTool((*tools)[i], absl::StrCat("tools[", i, "]")));
      }
    }
    if (std::optional<JsonReader> servers = reader.Object("mcpServers")) {
      const Json& all = *reader.Find("mcpServers");
      if (all.is_object()) {
        for (const auto& [name, value] : all.items()) {
          ParseServer(name, JsonReader(value, servers->PathOf(name), problems_), file);
        }
      }
    }
    reader.Find("$schema");
    reader.WarnOfTheRest();
    if (root.is_object() && file.tools.empty() && file.servers.empty() && problems_.errors.empty()) {
      problems_.Warn("", "there are no tools: neither \"tools\" nor \"mcpServers\" lists any");
    }
    file.warnings = problems_.warnings;
    file.secrets = variables_.values;
    return file;
  }

  const std::vector<std::string>& errors() const { return problems_.errors; }

 private:
  ToolSpec ParseTool(const Json& value, const std::string& path) {
    ToolSpec tool;
    ToolDescription& about = tool.description;
    JsonReader reader(value, path, problems_);
    if (reader.String("name", about.name, JsonReader::kRequired)) {
      if (!IsToolName(about.name)) {
        problems_.Error(reader.PathOf("name"),
                        "a name has letters, digits, '_', '-', '.' and '/', at most 128, begins "
                        "with no digit, and is not \"join\"");
      } else if (!names_.insert(about.name).second) {
        problems_.Error(reader.PathOf("name"),
                        absl::StrCat("there is another tool named \"", about.name, "\""));
      }
    }
    reader.String("description", about.description);
    ParseRun(reader, tool);
    ParseSchemas(reader, tool);
    ParseAnnotations(reader, about);
    ParseHeddle(reader, tool);
    for (const char* known : {"title", "icons", "execution", "_meta"}) reader.Find(known);  // MCP's
    reader.WarnOfTheRest();
    return tool;
  }

  void ParseSchemas(JsonReader& reader, ToolSpec& tool) {
    const bool own = std::holds_alternative<ModelRun>(tool.run) ||
                     std::holds_alternative<BuiltinRun>(tool.run);
    tool.has_schema = reader.Find("inputSchema") != nullptr;
    if (tool.has_schema || !own) {
      ParseSchema(reader, "inputSchema", JsonReader::kRequired, tool.description.input_schema);
      const Json& schema = tool.description.input_schema;
      if (schema.is_object() && schema.contains("type") && schema["type"] != "object") {
        problems_.Error(reader.PathOf("inputSchema.type"),
                        "must be \"object\": arguments have names");
      }
    }
    Json output;
    if (ParseSchema(reader, "outputSchema", JsonReader::kOptional, output)) {
      tool.description.output_schema = std::move(output);
    }
  }

  bool ParseSchema(JsonReader& reader, const std::string& name, JsonReader::Presence presence,
                   Json& into) {
    const Json* value = reader.Find(name, presence);
    if (!value) return false;
    if (!value->is_object()) {
      problems_.Error(reader.PathOf(name), "must be a JSON Schema, an object");
      return false;
    }
    into = *value;
    if (auto it = value->find("properties"); it != value->end() && !it->is_object()) {
      problems_.Error(reader.PathOf(name + ".properties"), "must be an object");
      into = Json::object();
    }
    return true;
  }

  // A tool of the file itself is the author's, so that what they say of it counts.
  void ParseAnnotations(JsonReader& reader, ToolDescription& about) {
    std::optional<JsonReader> annotations = reader.Object("annotations");
    if (!annotations) return;
    bool read_only = false, destructive = false;
    annotations->Bool("readOnlyHint", read_only);
    annotations->Bool("idempotentHint", about.idempotent);
    annotations->Bool("destructiveHint", destructive);
    for (const char* known : {"title", "openWorldHint"}) annotations->Find(known);
    annotations->WarnOfTheRest();
    if (read_only) about.effects = ToolEffects::kRead;
    if (read_only && destructive) {
      problems_.Error(annotations->path(), "what only reads does not destroy");
    }
  }

  void ParseHeddle(JsonReader& reader, ToolSpec& tool) {
    ToolDescription& about = tool.description;
    // These depend on their arguments alone, whoever describes them.
    if (std::holds_alternative<BuiltinRun>(tool.run) || std::holds_alternative<ModelRun>(tool.run)) {
      about.effects = ToolEffects::kPure;
    }
    std::optional<JsonReader> heddle = reader.Object("heddle");
    if (!heddle) return;
    std::string effects;
    if (heddle->String("effects", effects) && !ParseToolEffects(effects, about.effects)) {
      problems_.Error(heddle->PathOf("effects"), "must be \"pure\", \"read\" or \"write\"");
    }
    heddle->String("resource", about.resource);
    heddle->Bool("approval", about.approval);
    if (auto ms = heddle->Number("timeoutMs", 1, kMaxMs)) about.timeout = Milliseconds(*ms);
    if (auto ms = heddle->Number("backoffMs", 0, kMaxMs)) about.backoff = Milliseconds(*ms);
    if (auto retries = heddle->Whole("retries", 0, 100)) about.retries = *retries;
    about.cost_ms = heddle->Number("costMs", 0, kMaxMs);
    about.max_parallel = heddle->Whole("maxParallel", 1, 1'000'000);
    about.rate_per_second = heddle->Number("ratePerSecond", 1e-6, 1e6);
    if (std::optional<JsonReader> batch = heddle->Object("batch")) {
      batch->Find("maxSize", JsonReader::kRequired);
      about.batch_size = batch->Whole("maxSize", 1, 1'000'000);
      batch->RefuseTheRest();
    }
    heddle->RefuseTheRest();  // a setting that is spelt wrong would quietly not hold
  }

  void ParseRun(JsonReader& reader, ToolSpec& tool) {
    std::optional<JsonReader> run = reader.Object("run", JsonReader::kRequired);
    if (!run) return;
    int ways = 0;
    std::string text;
    CommandRun command;
    if (run->Find("command") && ++ways) {
      if (run->Strings("command", command.command) &&
          (command.command.empty() || command.command[0].empty())) {
        problems_.Error(run->PathOf("command"), "must name a program");
      }
      ExpandAll(command.command, run->PathOf("command"));
      tool.run = std::move(command);
    }
    if (std::optional<JsonReader> http = run->Object("http"); http && ++ways) {
      tool.run = ParseHttp(*http);
    }
    if (run->Find("model") && ++ways) {
      if (run->String("model", text)) Expand(text, run->PathOf("model"));
      tool.run = ModelRun{text};
    }
    if (run->Find("builtin") && ++ways) {
      if (run->String("builtin", text) && text != "math") {
        problems_.Error(run->PathOf("builtin"), "the only builtin is \"math\"");
      }
      tool.run = BuiltinRun{text};
    }
    run->RefuseTheRest();
    if (ways != 1) {
      problems_.Error(run->path(), "must have one of \"command\", \"http\", \"model\", \"builtin\"");
    }
  }

  HttpRun ParseHttp(JsonReader& reader) {
    HttpRun http;
    reader.String("method", http.method);
    http.method = absl::AsciiStrToUpper(http.method);
    std::tie(http.url, http.headers) = ParseEndpoint(reader);
    reader.RefuseTheRest();
    static const std::set<std::string> methods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
    if (!methods.contains(http.method)) {
      problems_.Error(reader.PathOf("method"),
                      absl::StrCat("must be one of ", absl::StrJoin(methods, ", ")));
    }
    return http;
  }

  std::pair<std::string, std::vector<std::pair<std::string, std::string>>> ParseEndpoint(
      JsonReader& reader) {
    std::string url;
    if (reader.String("url", url, JsonReader::kRequired)) {
      Expand(url, reader.PathOf("url"));
      const std::string lower = absl::AsciiStrToLower(url);
      if (variables_.lookup && !lower.starts_with("http://") && !lower.starts_with("https://")) {
        problems_.Error(reader.PathOf("url"), "must begin with http:// or https://");
      }
    }
    auto headers = reader.StringMembers("headers");
    for (auto& [name, value] : headers) Expand(value, reader.PathOf("headers." + name));
    return {url, headers};
  }

  void ParseServer(const std::string& name, JsonReader reader, ToolsFile& file) {
    McpServerSpec server;
    server.name = name;
    if (!IsToolName(name)) {
      problems_.Error(reader.path(), "the name of a server is part of the names of its tools: it has "
                                     "letters, digits, '_', '-', '.' and '/'");
    }
    bool disabled = false;
    std::string type;
    reader.Bool("trusted", server.trusted);
    reader.Bool("disabled", disabled);
    if (reader.String("type", type) && type != "stdio" && type != "http" &&
        type != "streamable-http" && type != "streamableHttp") {
      problems_.Error(reader.PathOf("type"), "must be \"stdio\" or \"http\"");
    }
    const bool has_url = reader.Find("url"), has_command = reader.Find("command");
    if (has_url == has_command) {
      problems_.Error(reader.path(), "must have either \"command\" or \"url\"");
    } else if (has_url) {
      McpServerSpec::Http http;
      std::tie(http.url, http.headers) = ParseEndpoint(reader);
      server.transport = std::move(http);
    } else {
      server.transport = ParseStdio(reader);
    }
    reader.WarnOfTheRest();  // these entries come from other programs, with settings of theirs
    if (!disabled) file.servers.push_back(std::move(server));
  }

  McpServerSpec::Stdio ParseStdio(JsonReader& reader) {
    McpServerSpec::Stdio stdio;
    stdio.command.resize(1);
    if (reader.String("command", stdio.command[0]) && stdio.command[0].empty()) {
      problems_.Error(reader.PathOf("command"), "must name a program");
    }
    reader.Strings("args", stdio.command);
    ExpandAll(stdio.command, reader.path());
    stdio.environment = reader.StringMembers("env");
    for (auto& [name, value] : stdio.environment) Expand(value, reader.PathOf("env." + name));
    return stdio;
  }

  void Expand(std::string& text, const std::string& path) {
    text = variables_.Expand(text);
    for (const std::string& name : variables_.missing) {
      problems_.Error(path, absl::StrCat("the environment has no ", name,
                                         "; set it, or write ${", name, ":-default}"));
    }
  }

  void ExpandAll(std::vector<std::string>& texts, const std::string& path) {
    for (std::string& text : texts) Expand(text, path);
  }

  JsonProblems problems_;
  Variables variables_;
  std::set<std::string> names_;
};

}  // namespace

bool ParseToolEffects(std::string_view text, ToolEffects& effects) {
  if (text == "pure") return effects = ToolEffects::kPure, true;
  if (text == "read") return effects = ToolEffects::kRead, true;
  if (text == "write") return effects = ToolEffects::kWrite, true;
  return false;
}

absl::StatusOr<ToolsFile> ParseToolsFile(std::string_view text, const std::string& file_name,
                                         VariableLookup variables) {
  absl::StatusOr<Json> root = ParseJson(text, {});
  if (!root.ok()) {
    return absl::Status(root.status().code(),
                        absl::StrCat(file_name, ": ", root.status().message()));
  }
  Parser parser(std::move(variables));
  ToolsFile file = parser.Parse(*root);
  if (parser.errors().empty()) return file;
  return absl::InvalidArgumentError(absl::StrCat(
      file_name, ": ", absl::StrJoin(parser.errors(), absl::StrCat("\n", file_name, ": "))));
}

}  // namespace heddle
