// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// JSON plans, tool_calls, streams, and what language models are told.

#include <gmock/gmock.h>

#include "frontends/plan/PlanGrammar.h"
#include "frontends/plan/ToolPrompt.h"
#include "plan_testing.h"

namespace heddle {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(JsonPlans, AreReadByTheSameRules) {
  EXPECT_EQ(summary(R"(Here is the plan:
```json
{"calls": [
  {"id": 3, "tool": "search", "args": {"query": "a \\$3 $7", "limit": 2}},
  {"id": "5", "tool": "any", "args": {"value": "$3", "more": ["${3.items[0].name} $3", {"x": "${3}"}]}},
  {"id": 6, "tool": "now", "after": [7]},
  {"id": 7, "tool": "math", "args": ["$5"]}
], "join": ["$5", "all: $6"]}
```)"),
            R"(3. search(query="a \$3 \$7", limit=2)
5. any(value=$3, more=["${3.items[0].name} ${3}", {"x": $3}])
7. math(expression="${5}")
6. after 7: now()
8. join($5, "all: ${6}")
4:55: warning: $7 is text here, as call 7 stands later in the text; write \$7 if that is meant
)");
}

TEST(JsonPlans, JoinMayBeACallOrMissing) {
  EXPECT_EQ(
      summary(R"([{"id": 1, "tool": "now"}, {"id": 2, "tool": "join", "args": {"x": "$1"}}])"),
      "1. now()\n2. join($1)\n");
  EXPECT_EQ(summary(R"({"calls": [{"id": 1, "tool": "now", "args": {}}]})"),
            "1. now()\n2. join()\n");
}

TEST(JsonPlans, EscapedDollarsAreJsonsOwn) {
  EXPECT_EQ(summary(R"({"calls": [{"id": 1, "tool": "now"},
      {"id": 2, "tool": "any", "args": {"value": "\\$1 \\\\$1 \\ \\x", "more": "$1.50"}}]})"),
            "1. now()\n2. any(value=\"\\$1 \\\\${1} \\\\ \\\\x\", more=\"\\$1.50\")\n3. join()\n");
}

TEST(JsonPlans, ErrorsHavePlaces) {
  EXPECT_EQ(summary(R"({"calls": [
  {"id": 1, "tool": "serach", "args": {"query": "x"}},
  {"id": 2, "tool": "any", "args": {"value": "$9 ${9}"}, "afer": [1]},
  {"id": -2, "tool": 7},
  {"tool": "search", "args": {"query": "${5}"}, "after": [5]},
  {"id": 5, "tool": "now", "args": 5}
]})"),
            "1. join()\n"
            "2:21: error: there is no tool \"serach\"; did you mean 'search'?\n"
            "3:50: error: no call 9 stands before this\n"
            "3:66: error: there is no \"afer\" here, only id tool args after thought\n"
            "4:10: error: the id of a call is a number\n"
            "4:22: error: a call needs a \"tool\", which is a string\n"
            "5:41: error: call 5 stands later in the text; references go back only\n"
            "6:36: error: arguments are an object\n");
  EXPECT_THAT(summary("{\"calls\": [{\"id\": 1, "),
              HasSubstr("1:12: error: this '{' is never closed"));
  EXPECT_THAT(summary("{\"call\": 1}"), HasSubstr("1:1: error: expected {\"calls\": [...]}"));
  EXPECT_THAT(summary(R"({"calls": [{"id": 1, "tool": "now", "after": [2]},
                                     {"id": 2, "tool": "now", "after": [1]}]})"),
              HasSubstr("calls wait for each other: 1 waits for 2 waits for 1"));
}

TEST(ToolCalls, AreNumberedInOrder) {
  const char* calls = R"([
    {"id": "call_a", "type": "function", "function": {"name": "search", "arguments": "{\"query\": \"Lyon \\\"x\\\"\"}"}},
    {"id": "call_b", "type": "function", "function": {"name": "now", "arguments": ""}},
    {"id": "call_c", "function": {"name": "any", "arguments": {"value": "$1 and $2"}}}])";
  const char* read =
      "1. search(query=\"Lyon \\\"x\\\"\")\n2. now()\n"
      "3. any(value=\"${1} and ${2}\")\n4. join()\n";
  EXPECT_EQ(summary(calls), read);
  EXPECT_EQ(summary(std::string(R"({"role": "assistant", "content": null, "tool_calls": )") +
                    calls + "}"),
            read);
  EXPECT_THAT(
      summary(R"([{"id": "a", "function": {"name": "search", "arguments": "{\"query\": "}}])"),
      HasSubstr("1:58: error: in \"arguments\": this '{' is never closed"));
}

// Replaced bytes make a value longer than its text; places stay in the text.
TEST(ToolCalls, PlacesStayInTheText) {
  CheckedPlan checked =
      parse("[{\"function\": {\"name\": \"any\", \"arguments\": \"{\\\"value\\\": \\\"" +
            std::string(99, '\xAA') + "${1}\\\"}\"}}]");
  ASSERT_EQ(checked.diagnostics.size(), 1u);
  EXPECT_LE(checked.diagnostics[0].range.end, checked.source.text().size());
  EXPECT_LE(checked.diagnostics[0].range.begin, checked.source.text().size());
}

std::vector<std::string> byteByByte(std::string_view text) {
  static const TestCatalog catalog;
  WritingListener listener;
  PlanStream stream("plan", catalog, {}, listener);
  for (size_t at = 0; at < text.size(); ++at) stream.feed(text.substr(at, 1));
  stream.end();
  return listener.events;
}

TEST(PlanStreams, CallsArriveWithTheirLastCharacter) {
  static const TestCatalog catalog;
  WritingListener listener;
  PlanStream stream("plan", catalog, {}, listener);
  stream.feed("1. search(\"a\"");
  EXPECT_THAT(listener.events, ElementsAre());
  stream.feed(")");
  EXPECT_THAT(listener.events, ElementsAre("1. search(query=\"a\")"));
  stream.feed(" 2. math($1.x)\n3. serch(\"b\")4. any($3)\n3. now()");
  EXPECT_THAT(
      listener.events,
      ElementsAre("1. search(query=\"a\")",
                  "error: $1.x selects nothing of what search returns: there is no \"x\", only "
                  "items, total",
                  "broken 2 math", "error: there is no tool \"serch\"; did you mean 'search'?",
                  "broken 3 serch", "4. any(value=$3)",
                  "error: there is already a call 3; ids are unique", "broken 1000000000 now"));
  stream.feed("join()<END_OF_PLAN>");
  EXPECT_TRUE(stream.complete());
  EXPECT_EQ(listener.events.back(), "join()");
}

TEST(PlanStreams, MayUseCallsOfEarlierRounds) {
  static const TestCatalog catalog;
  WritingListener listener;
  PlanReadOptions options;
  options.requireJoin = false;
  options.earlier = {{7, "search"}};
  PlanStream stream("plan", catalog, options, listener);
  stream.feed("math(\"$7 $8\")\nany($7.nothing)");
  stream.end();
  EXPECT_THAT(listener.events, ElementsAre("8. math(expression=\"${7} \\$8\")",
                                           HasSubstr("error: $7.nothing"), "broken 9 any"));
}

TEST(PlanStreams, TakeLinearTimeOnHostileText) {
  for (const char* piece : {"1. any(\"", "1. any('\n2. any(\"\n", "1. a(\"\"\"\n1. a('''\n", "(",
                            "1. ", "$1", "1. any([\n", "x 1.", "1. any(\"\\\"", "`", "1. any(#",
                            "<", "[", "{\"", "1. any(\"${1", "\n"}) {
    std::string text;
    while (text.size() < 300'000) text += piece;
    byteByByte(text);  // quadratic time would be minutes
  }
}

TEST(ToolPrompt, DescribesInFewWords) {
  TestCatalog catalog;
  EXPECT_EQ(describeTool(*catalog.find("search")),
            "search(query: string, limit?: integer) -> {items?: [{name?: string, price?: number}], "
            "total?: integer}\n");
  ToolDescription tool;
  tool.name = "t";
  tool.description = "First.\nSecond.";
  tool.input_schema = Json::parse(R"({"$defs": {"node": {"type": "object", "properties":
      {"next": {"$ref": "#/$defs/node"}}}}, "properties": {"unit": {"enum": ["m", 2]},
      "node": {"$ref": "#/$defs/node"}, "x": {"type": ["array", "null"]}}})");
  EXPECT_EQ(describeTool(tool),
            "t(unit?: \"m\" | 2, node?: {next?: {next?: {next?: {next?: object}}}}, "
            "x?: list | null)\n  First.\n  Second.\n");
}

TEST(PlanGrammar, HasARuleForEachTool) {
  TestCatalog catalog;
  std::string grammar =
      planGrammarGbnf({catalog.find("search"), catalog.find("any"), catalog.find("now")});
  EXPECT_THAT(
      grammar,
      AllOf(HasSubstr("call ::= id \". \" (tool-0 | tool-1 | tool-2) \"\\n\"\n"),
            HasSubstr("tool-0 ::= \"search(\" \"query=\" (string | reference) (\", \" \"limit=\" "
                      "(integer | reference))? \")\"\n"),
            HasSubstr(
                "tool-1 ::= \"any(\" (tool-1-rest-0)? \")\"\ntool-1-rest-0 ::= \"value=\" value "
                "(\", \" tool-1-rest-1)? | tool-1-rest-1\ntool-1-rest-1 ::= \"more=\" value\n"),
            HasSubstr("tool-2 ::= \"now(\" \")\"\n")));
}

TEST(PlanGrammar, SchemaTakesPlansAndReferences) {
  ToolDescription tool;
  tool.name = "t";
  tool.input_schema = Json::parse(R"({"$defs": {"n": {"type": "integer"}}, "properties":
      {"n": {"$ref": "#/$defs/n"}}, "required": ["n"]})");
  Json schema = planGrammarSchema({&tool});
  auto fits = [&](const char* plan) {
    return CheckSchema(Json::parse(plan), SchemaView(schema)).empty();
  };
  EXPECT_TRUE(fits(
      R"({"calls": [{"id": 1, "tool": "t", "args": {"n": 3}}, {"id": 2, "tool": "t", "args": {"n": "$1"}}]})"));
  EXPECT_FALSE(fits(R"({"calls": [{"id": 1, "tool": "t", "args": {"n": 3.5}}]})"));
  EXPECT_FALSE(fits(R"({"calls": [{"id": 1, "tool": "t", "args": {}}]})"));
  EXPECT_FALSE(fits(R"({"calls": [{"id": 1, "tool": "u", "args": {"n": 3}}]})"));
}

}  // namespace
}  // namespace heddle
