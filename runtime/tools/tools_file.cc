// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/tools_file.h"

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/support/status_macros.h"
#include "runtime/tools/json_reader.h"
#include "runtime/tools/tools_file_parts.h"

namespace heddle {
namespace {

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
          if (auto server = ReadMcpServer(name, JsonReader(value, servers->PathOf(name), problems_),
                                          variables_)) {
            file.servers.push_back(*std::move(server));
          }
        }
      }
    }
    reader.Find("$schema");
    reader.WarnOfTheRest();
    if (root.is_object() && file.tools.empty() && file.servers.empty() &&
        problems_.errors.empty()) {
      problems_.Warn("", "there are no tools: neither \"tools\" nor \"mcpServers\" lists any");
    }
    file.warnings = problems_.warnings;
    file.secrets = variables_.values;
    return file;
  }

  // An entry of "tools" without "run".
  ToolDescription ParseDescription(const Json& value) {
    return ParseTool(value, "", /*has_run=*/false).description;
  }

  const std::vector<std::string>& errors() const { return problems_.errors; }

 private:
  ToolSpec ParseTool(const Json& value, const std::string& path, bool has_run = true) {
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
    if (has_run) ParseRun(reader, tool);
    ParseSchemas(reader, tool);
    ParseAnnotations(reader, about);
    ParseHeddle(reader, tool);
    for (const char* known : {"title", "icons", "execution", "_meta"}) reader.Find(known);  // MCP's
    reader.WarnOfTheRest();
    return tool;
  }

  void ParseSchemas(JsonReader& reader, ToolSpec& tool) {
    const bool own =
        std::holds_alternative<ModelRun>(tool.run) || std::holds_alternative<BuiltinRun>(tool.run);
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
    if (std::holds_alternative<BuiltinRun>(tool.run) ||
        std::holds_alternative<ModelRun>(tool.run)) {
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
    about.timeout = ReadMilliseconds(*heddle, "timeoutMs", 1);
    if (auto backoff = ReadMilliseconds(*heddle, "backoffMs", 0)) about.backoff = *backoff;
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
      ExpandAll(command.command, run->PathOf("command"), variables_, problems_);
      tool.run = std::move(command);
    }
    if (std::optional<JsonReader> http = run->Object("http"); http && ++ways) {
      tool.run = ParseHttp(*http);
    }
    if (run->Find("model") && ++ways) {
      if (run->String("model", text)) Expand(text, run->PathOf("model"), variables_, problems_);
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
      problems_.Error(run->path(),
                      "must have one of \"command\", \"http\", \"model\", \"builtin\"");
    }
  }

  HttpRun ParseHttp(JsonReader& reader) {
    HttpRun http;
    reader.String("method", http.method);
    http.method = absl::AsciiStrToUpper(http.method);
    ReadEndpoint(reader, variables_, http.url, http.headers);
    reader.RefuseTheRest();
    static const std::set<std::string> methods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
    if (!methods.contains(http.method)) {
      problems_.Error(reader.PathOf("method"),
                      absl::StrCat("must be one of ", absl::StrJoin(methods, ", ")));
    }
    return http;
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

absl::StatusOr<ToolDescription> ParseToolDescription(std::string_view text) {
  HEDDLE_ASSIGN_OR_RETURN(Json entry, ParseJson(text, {}));
  Parser parser(nullptr);
  ToolDescription description = parser.ParseDescription(entry);
  if (parser.errors().empty()) return description;
  return absl::InvalidArgumentError(absl::StrJoin(parser.errors(), "; "));
}

Json ToJson(const ToolDescription& tool) {
  constexpr const char* kEffects[] = {"pure", "read", "write"};
  Json heddle = {{"effects", kEffects[static_cast<int>(tool.effects)]}};
  if (!tool.resource.empty()) heddle["resource"] = tool.resource;
  if (tool.approval) heddle["approval"] = true;
  if (tool.timeout) heddle["timeoutMs"] = tool.timeout->count();
  if (tool.retries > 0) heddle["retries"] = tool.retries;
  if (tool.cost_ms) heddle["costMs"] = *tool.cost_ms;
  if (tool.max_parallel) heddle["maxParallel"] = *tool.max_parallel;
  if (tool.rate_per_second) heddle["ratePerSecond"] = *tool.rate_per_second;
  if (tool.batch_size) heddle["batch"] = {{"maxSize", *tool.batch_size}};
  Json entry = {
      {"name", tool.name}, {"description", tool.description}, {"inputSchema", tool.input_schema}};
  if (tool.output_schema) entry["outputSchema"] = *tool.output_schema;
  if (tool.idempotent) entry["annotations"] = {{"idempotentHint", true}};
  entry["heddle"] = std::move(heddle);
  return entry;
}

}  // namespace heddle
