// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parts of the MCP client that need no server.

#include "runtime/tools/mcp/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/tools/mcp/call_result.h"
#include "runtime/tools/mcp/header_parameters.h"
#include "runtime/tools/mcp/mcp_server.h"
#include "runtime/tools/mcp/stdio_transport.h"

namespace heddle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Json Parse(std::string_view text) { return ParseJson(text, {}).value(); }

McpMessage Only(std::string_view text) {
  auto messages = ParseMcpMessages(text);
  EXPECT_TRUE(messages.ok()) << messages.status();
  EXPECT_EQ(messages->size(), 1u) << text;
  return messages->at(0);
}

TEST(McpMessage, IsOneOfThree) {
  const auto response = std::get<McpResponse>(Only(R"({"jsonrpc":"2.0","id":5,"result":{"a":1}})"));
  EXPECT_EQ(response.id, 5);
  EXPECT_EQ(std::get<Json>(response.outcome), Parse(R"({"a":1})"));
  const auto request = std::get<McpRequest>(Only(R"({"jsonrpc":"2.0","id":"x","method":"ping"})"));
  EXPECT_EQ(request.id, "x");
  EXPECT_TRUE(request.params.is_null());
  const auto notification = std::get<McpNotification>(
      Only(R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}})"));
  EXPECT_EQ(notification.params["progress"], 1);
}

TEST(McpMessage, ErrorsKeepWhatTheySay) {
  const auto response = std::get<McpResponse>(Only(
      R"({"jsonrpc":"2.0","id":null,"error":{"code":-32022,"message":"no","data":{"supported":[]}}})"));
  EXPECT_FALSE(response.id.has_value());
  const McpError& error = std::get<McpError>(response.outcome);
  EXPECT_EQ(error.code, kMcpUnsupportedVersion);
  EXPECT_EQ(error.message, "no");
  EXPECT_TRUE(error.data["supported"].is_array());
}

TEST(McpMessage, BrokenAnswersAreErrorsOfTheirRequest) {
  for (const char* text :
       {R"({"jsonrpc":"2.0","id":5})", R"({"jsonrpc":"2.0","id":5,"error":"no"})",
        R"({"jsonrpc":"2.0","id":5,"result":{},"error":{"code":1}})"}) {
    const auto response = std::get<McpResponse>(Only(text));
    EXPECT_EQ(response.id, 5);
    EXPECT_EQ(std::get<McpError>(response.outcome).code, kMcpInvalidResponse) << text;
  }
}

TEST(McpMessage, WhatIsNoMessageIsLeftOut) {
  for (const char* text : {"7", "null", "{}", R"({"id":1,"result":{}})", R"({"jsonrpc":"2.0"})",
                           R"({"jsonrpc":"2.0","method":3})", R"([[],1,"x"])",
                           R"({"jsonrpc":"2.0","id":{},"method":"ping"})"}) {
    const auto messages = ParseMcpMessages(text);
    ASSERT_TRUE(messages.ok());
    EXPECT_TRUE(messages->empty()) << text;
  }
  EXPECT_FALSE(ParseMcpMessages("{").ok());
  EXPECT_FALSE(ParseMcpMessages(std::string(100'000, '[')).ok());
}

TEST(McpMessage, ArraysAreManyMessages) {
  EXPECT_EQ(ParseMcpMessages(R"([{"jsonrpc":"2.0","method":"a"},3,{"jsonrpc":"2.0","method":"b"}])")
                ->size(),
            2u);
}

TEST(McpMessage, IdsThatAreNoNumbersOfOursMatchNothing) {
  for (const char* id : {"18446744073709551615", "1e300", "5.5", "\"5\"", "{}"}) {
    const auto messages =
        ParseMcpMessages(std::string(R"({"jsonrpc":"2.0","result":1,"id":)") + id + "}");
    EXPECT_FALSE(std::get<McpResponse>(messages->at(0)).id.has_value()) << id;
  }
  EXPECT_EQ(std::get<McpResponse>(Only(R"({"jsonrpc":"2.0","id":5.0,"result":1})")).id, 5);
}

TEST(McpMessage, TextIsOneLine) {
  const std::string text = McpRequestText(3, "tools/call", {{"name", "a\nb\xff"}});
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_EQ(Parse(text)["params"]["name"], "a\nb\xEF\xBF\xBD");
  EXPECT_EQ(McpNotificationText("n", nullptr), R"({"jsonrpc":"2.0","method":"n"})");
  EXPECT_EQ(McpErrorText("x", -32601, "no"),
            R"({"jsonrpc":"2.0","id":"x","error":{"code":-32601,"message":"no"}})");
}

TEST(McpLines, ComeInAnyParts) {
  LineSplitter lines(8);
  std::string line;
  std::string_view bytes = "ab";
  EXPECT_FALSE(lines.Next(bytes, line));
  bytes = "c\n\nd";
  EXPECT_TRUE(lines.Next(bytes, line));
  EXPECT_EQ(line, "abc");
  EXPECT_TRUE(lines.Next(bytes, line));
  EXPECT_EQ(line, "");
  EXPECT_FALSE(lines.Next(bytes, line));
  bytes = "12345678";
  EXPECT_FALSE(lines.Next(bytes, line));
  EXPECT_TRUE(lines.too_long());
}

Json Value(const ToolOutcome& outcome) {
  const Json* value = std::get_if<Json>(&outcome);
  return value ? *value : Json("error: " + std::get<ToolError>(outcome).message);
}

TEST(McpResult, TextsAreJoinedAndOtherBlocksStay) {
  const auto value = [](const char* content) {
    return Value(McpCallOutcome({{"content", Parse(content)}}, false));
  };
  EXPECT_EQ(value("[]"), "");
  EXPECT_EQ(value(R"([{"type":"text","text":"a"},{"type":"text","text":"b"}])"), "a\nb");
  EXPECT_EQ(value(R"([{"type":"image","data":"AA"}])"), Parse(R"({"type":"image","data":"AA"})"));
  EXPECT_EQ(value(R"([{"type":"text","text":"a"},{"type":"image"},{"type":"text","text":"b"}])"),
            Parse(R"(["a",{"type":"image"},"b"])"));
  EXPECT_EQ(value(R"([{"type":"text","text":"[1]"}])"), "[1]");
}

TEST(McpResult, StructuredContentWins) {
  EXPECT_EQ(
      Value(McpCallOutcome(
          Parse(R"({"content":[{"type":"text","text":"x"}],"structuredContent":[1]})"), true)),
      Parse("[1]"));
  const Json text = Parse(R"({"content":[{"type":"text","text":"{\"a\":1}"}]})");
  EXPECT_EQ(Value(McpCallOutcome(text, true)), Parse(R"({"a":1})"));
  EXPECT_EQ(Value(McpCallOutcome(text, false)), R"({"a":1})");
  EXPECT_THAT(
      Value(McpCallOutcome(Parse(R"({"content":[{"type":"text","text":"x"}]})"), true)),
      testing::ResultOf([](const Json& v) { return ToPlainText(v); }, HasSubstr("promises")));
}

TEST(McpResult, ErrorsCarryTheirText) {
  const auto error = [](const char* result) {
    return std::get<ToolError>(McpCallOutcome(Parse(result), true)).message;
  };
  EXPECT_EQ(error(R"({"isError":true,"content":[{"type":"text","text":"no"},{"type":"image"}]})"),
            "no\n{\"type\":\"image\"}");
  EXPECT_EQ(error(R"({"isError":true,"structuredContent":{"why":1}})"), R"({"why":1})");
  EXPECT_THAT(error(R"({"isError":true})"), HasSubstr("without a message"));
  EXPECT_THAT(error("3"), HasSubstr("not an object"));
  EXPECT_THAT(error(R"({"content":{}})"), HasSubstr("not a list"));
}

TEST(McpHeaders, AreTakenFromTheArguments) {
  const Json schema = Parse(R"({"properties": {
      "region": {"type": "string", "x-mcp-header": "Region"},
      "deep": {"properties": {"n": {"type": "integer", "x-mcp-header": "N"}}},
      "flag": {"type": "boolean", "x-mcp-header": "Flag"},
      "x-mcp-header": {"type": "string"},
      "free": {"default": {"x-mcp-header": "no schema"}}}})");
  const auto parameters = FindMcpHeaderParameters(schema);
  ASSERT_TRUE(parameters.ok()) << parameters.status();
  EXPECT_THAT(McpHeadersOf(*parameters, Parse(R"({"region":"us","deep":{"n":42.0},"flag":false})")),
              ElementsAre(Pair("Mcp-Param-Region", "us"), Pair("Mcp-Param-N", "42"),
                          Pair("Mcp-Param-Flag", "false")));
  EXPECT_THAT(McpHeadersOf(*parameters, Parse(R"({"region":null,"deep":3})")), ElementsAre());
}

TEST(McpHeaders, ThatCannotBeMakeTheToolUseless) {
  for (const char* schema :
       {R"({"properties":{"a":{"type":"string","x-mcp-header":""}}})",
        R"({"properties":{"a":{"type":"string","x-mcp-header":"a b"}}})",
        R"({"properties":{"a":{"type":"string","x-mcp-header":3}}})",
        R"({"properties":{"a":{"type":"number","x-mcp-header":"A"}}})",
        R"({"properties":{"a":{"x-mcp-header":"A"}}})", R"({"type":"string","x-mcp-header":"A"})",
        R"({"properties":{"a":{"items":{"type":"string","x-mcp-header":"A"}}}})",
        R"({"anyOf":[{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}]})",
        R"({"properties":{"a":{"type":"string","x-mcp-header":"A"},
                          "b":{"type":"string","x-mcp-header":"a"}}})"}) {
    EXPECT_FALSE(FindMcpHeaderParameters(Parse(schema)).ok()) << schema;
  }
}

TEST(McpHeaders, ValuesSurvive) {
  EXPECT_EQ(McpHeaderValue("us-west1"), "us-west1");
  EXPECT_EQ(McpHeaderValue("Hello, 世界"), "=?base64?SGVsbG8sIOS4lueVjA==?=");
  EXPECT_EQ(McpHeaderValue(" padded "), "=?base64?IHBhZGRlZCA=?=");
  EXPECT_EQ(McpHeaderValue("line1\nline2"), "=?base64?bGluZTEKbGluZTI=?=");
  EXPECT_EQ(McpHeaderValue("=?base64?literal?="), "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=");
}

TEST(McpOptions, AreThoseOfTheToolsFile) {
  const auto file = ParseToolsFile(R"({"mcpServers": {
      "files": {"command": "npx", "args": ["-y"], "env": {"A": "b"}, "trusted": true, "timeoutMs": 2500},
      "web": {"url": "http://x", "headers": {"K": "v"}}}})",
                                   "tools.json", VariableLookup());
  ASSERT_TRUE(file.ok()) << file.status();
  const McpServerOptions files = McpOptionsOf(file->servers[0]),
                         web = McpOptionsOf(file->servers[1]);
  EXPECT_EQ(files.name, "files");
  EXPECT_THAT(files.command, ElementsAre("npx", "-y"));
  EXPECT_THAT(files.environment, ElementsAre(Pair("A", "b")));
  EXPECT_TRUE(files.trusted);
  EXPECT_EQ(files.call_timeout, std::chrono::milliseconds(2500));
  EXPECT_EQ(files.url, "");
  EXPECT_EQ(web.url, "http://x");
  EXPECT_THAT(web.headers, ElementsAre(Pair("K", "v")));
  EXPECT_FALSE(web.trusted);
  EXPECT_FALSE(web.call_timeout.has_value());
}

}  // namespace
}  // namespace heddle
