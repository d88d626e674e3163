// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/tools_file.h"

#include <gmock/gmock.h>

namespace heddle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

std::optional<std::string> TestVariable(const std::string& name) {
  if (name == "KEY") return "s3cret-key";
  if (name == "EMPTY") return "";
  return std::nullopt;
}

absl::StatusOr<ToolsFile> Parse(std::string_view text) {
  return ParseToolsFile(text, "tools.json", TestVariable);
}

// The file of one tool, with these members beside those that must be there.
std::string Tool(const std::string& members) {
  return R"({"tools":[{"name":"t","inputSchema":{"type":"object"},"run":{"command":["true"]})" +
         members + "}]}";
}

std::string Errors(const std::string& text) {
  const auto file = Parse(text);
  return file.ok() ? "no error" : std::string(file.status().message());
}

TEST(ToolsFileTest, AWholeFile) {
  const auto file = Parse(R"({
    "tools": [
      {"name": "search", "description": "finds", "inputSchema": {"type": "object",
         "properties": {"z": {}, "a": {}}}, "outputSchema": {"type": "string"},
       "heddle": {"effects": "read", "resource": "web", "timeoutMs": 1500, "retries": 2,
         "backoffMs": 10, "costMs": 80.5, "maxParallel": 3, "ratePerSecond": 0.5,
         "batch": {"maxSize": 8}, "approval": true},
       "run": {"http": {"url": "https://example.com/${EMPTY}q", "method": "put",
                        "headers": {"Authorization": "Bearer ${KEY}"}}}},
      {"name": "a/b.c-d", "inputSchema": {}, "annotations": {"readOnlyHint": true},
       "run": {"command": ["sh", "-c", "echo $${HOME} ${1} ${OTHER:-else}"]}},
      {"name": "math", "run": {"builtin": "math"}},
      {"name": "model", "run": {"model": "m.heddle"}}],
    "mcpServers": {
      "files": {"command": "npx", "args": ["-y", "server"], "env": {"K": "${KEY}"}},
      "web": {"type": "http", "url": "http://localhost/mcp", "headers": {"X": "1"}, "trusted": true},
      "off": {"command": "x", "disabled": true}}})");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_THAT(file->warnings, ElementsAre());
  ASSERT_EQ(file->tools.size(), 4u);
  const ToolDescription& search = file->tools[0].description;
  EXPECT_EQ(search.name, "search");
  EXPECT_EQ(search.input_schema["properties"].begin().key(), "z");  // in the file's order
  EXPECT_EQ(search.output_schema, Json({{"type", "string"}}));
  EXPECT_EQ(search.effects, ToolEffects::kRead);
  EXPECT_EQ(search.resource, "web");
  EXPECT_EQ(search.timeout, std::chrono::milliseconds(1500));
  EXPECT_EQ(search.retries, 2);
  EXPECT_EQ(search.backoff, std::chrono::milliseconds(10));
  EXPECT_EQ(search.cost_ms, 80.5);
  EXPECT_EQ(search.max_parallel, 3);
  EXPECT_EQ(search.rate_per_second, 0.5);
  EXPECT_EQ(search.batch_size, 8);
  EXPECT_TRUE(search.approval);
  const auto& http = std::get<HttpRun>(file->tools[0].run);
  EXPECT_EQ(http.url, "https://example.com/q");
  EXPECT_EQ(http.method, "PUT");
  EXPECT_THAT(http.headers, ElementsAre(Pair("Authorization", "Bearer s3cret-key")));
  EXPECT_EQ(file->tools[1].description.effects, ToolEffects::kRead);
  EXPECT_THAT(std::get<CommandRun>(file->tools[1].run).command,
              ElementsAre("sh", "-c", "echo ${HOME} ${1} else"));
  EXPECT_EQ(file->tools[2].description.effects, ToolEffects::kPure);
  EXPECT_FALSE(file->tools[2].has_schema);
  EXPECT_EQ(std::get<ModelRun>(file->tools[3].run).path, "m.heddle");
  ASSERT_EQ(file->servers.size(), 2u);
  const auto& stdio = std::get<McpServerSpec::Stdio>(file->servers[0].transport);
  EXPECT_THAT(stdio.command, ElementsAre("npx", "-y", "server"));
  EXPECT_THAT(stdio.environment, ElementsAre(Pair("K", "s3cret-key")));
  EXPECT_FALSE(file->servers[0].trusted);
  EXPECT_TRUE(file->servers[1].trusted);
  EXPECT_EQ(std::get<McpServerSpec::Http>(file->servers[1].transport).url, "http://localhost/mcp");
  EXPECT_EQ(file->secrets.at("KEY"), "s3cret-key");
}

TEST(ToolsFileTest, AToolWritesUnlessDeclared) {
  EXPECT_EQ(Parse(Tool(""))->tools[0].description.effects, ToolEffects::kWrite);
  EXPECT_FALSE(Parse(Tool(""))->tools[0].description.repeatable());
  EXPECT_TRUE(
      Parse(Tool(R"(,"annotations":{"idempotentHint":true})"))->tools[0].description.repeatable());
  EXPECT_EQ(Parse(Tool(R"(,"annotations":{"readOnlyHint":true},"heddle":{"effects":"write"})"))
                ->tools[0]
                .description.effects,
            ToolEffects::kWrite);
}

TEST(ToolsFileTest, AllErrorsAtOnceEachWithItsPlace) {
  const std::string errors = Errors(R"({
    "tools": [
      {"name": "has space", "inputSchema": {"type": "array"}, "run": {"command": []}},
      {"name": "t", "inputSchema": [], "heddle": {"effects": "none", "timeoutMs": -1, "retries": 1.5,
        "timeoutMS": 5, "batch": {}}, "run": {"http": {"url": "ftp://x", "method": "BREW"}}},
      {"name": "t", "inputSchema": {}, "run": {"command": ["${UNSET}"], "builtin": "math"}},
      7],
    "mcpServers": {"s": {"args": [], "timeoutMs": 0}, "u": {"url": "x", "command": "y"}}})");
  for (const char* expected :
       {"tools.json: tools[0].name: a name has letters",
        "tools.json: tools[0].inputSchema.type: must be \"object\"",
        "tools.json: tools[0].run.command: must name a program",
        "tools.json: tools[1].inputSchema: must be a JSON Schema",
        "tools.json: tools[1].heddle.effects: must be \"pure\", \"read\" or \"write\"",
        "tools.json: tools[1].heddle.timeoutMs: must be a number from 1",
        "tools.json: tools[1].heddle.retries: must be a whole number from 0 to 100",
        "tools.json: tools[1].heddle.timeoutMS: is no member that Heddle knows",
        "tools.json: tools[1].heddle.batch: \"maxSize\" is missing",
        "tools.json: tools[1].run.http.url: must begin with http",
        "tools.json: tools[1].run.http.method: must be one of DELETE",
        "tools.json: tools[2].name: there is another tool named \"t\"",
        "tools.json: tools[2].run: must have one of",
        "tools.json: tools[2].run.command: the environment has no UNSET",
        "tools.json: tools[3]: must be an object", "tools.json: mcpServers.s.timeoutMs: must be",
        "tools.json: mcpServers.s: must have either",
        "tools.json: mcpServers.u: must have either"}) {
    EXPECT_THAT(errors, HasSubstr(expected));
  }
}

TEST(ToolsFileTest, WhatIsMissingIsNamed) {
  EXPECT_THAT(Errors(R"({"tools":[{}]})"),
              testing::AllOf(HasSubstr("tools[0]: \"name\" is missing"),
                             HasSubstr("tools[0]: \"run\" is missing"),
                             HasSubstr("tools[0]: \"inputSchema\" is missing")));
}

TEST(ToolsFileTest, NoSecretsInErrorsOrDescriptions) {
  EXPECT_THAT(Errors(R"({"tools":[{"name":"t","inputSchema":{},"description":"${KEY}",
                        "run":{"http":{"url":"${KEY}"}}}]})"),
              Not(HasSubstr("s3cret")));
  const auto file = Parse(Tool(R"(,"description":"${KEY}")"));
  EXPECT_EQ(file->tools[0].description.description, "${KEY}");
}

TEST(ToolsFileTest, WithoutVariablesNothingIsPutInAndNothingIsMissing) {
  const auto file = ParseToolsFile(
      R"({"tools":[{"name":"t","inputSchema":{},"run":{"http":{"url":"${UNSET}/x"}}}]})", "f",
      nullptr);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(std::get<HttpRun>(file->tools[0].run).url, "${UNSET}/x");
}

TEST(ToolsFileTest, MembersOfOthersAreWarnings) {
  const auto file = Parse(R"({"theme": 1, "mcpServers": {"s": {"command": "x", "timeout": 5}}})");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_THAT(file->warnings, ElementsAre(HasSubstr("mcpServers.s.timeout: is no member"),
                                          HasSubstr("theme: is no")));
}

TEST(ToolsFileTest, MalformedFilesAreRefused) {
  EXPECT_THAT(Errors("{\"tools\": [\n}"), HasSubstr("tools.json: malformed JSON at line 2"));
  EXPECT_THAT(Errors("[]"), HasSubstr("must be an object, not array"));
  EXPECT_THAT(Errors(R"({"tools": {}})"), HasSubstr("tools: must be a list"));
  EXPECT_THAT(Errors(Tool(R"(,"description":"a\u0000b")")), HasSubstr("zero character"));
}

TEST(VariablesTest, Forms) {
  Variables variables{TestVariable, {}, {}};
  EXPECT_EQ(variables.Expand("a ${KEY} b ${KEY}"), "a s3cret-key b s3cret-key");
  EXPECT_EQ(variables.Expand("${UNSET:-}|${UNSET:-x y}|${EMPTY:-z}"), "|x y|");
  EXPECT_EQ(variables.Expand("$KEY ${1} ${} ${KEY ${a-b} $"), "$KEY ${1} ${} ${KEY ${a-b} $");
  EXPECT_EQ(variables.Expand("$${KEY} $$${1}"), "${KEY} $$${1}");
  EXPECT_TRUE(variables.missing.empty());
  variables.Expand("${ONE} ${TWO}");
  EXPECT_THAT(variables.missing, ElementsAre("ONE", "TWO"));
}

}  // namespace
}  // namespace heddle
