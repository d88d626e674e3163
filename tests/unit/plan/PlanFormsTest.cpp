// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// JSON plans, tool_calls, streams, and printing.

#include "plan_testing.h"

#include "frontends/plan/PlanGrammar.h"
#include "frontends/plan/ToolPrompt.h"

#include <gmock/gmock.h>

#include <random>

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
)");
}

TEST(JsonPlans, JoinMayBeACallOrMissing) {
  EXPECT_EQ(summary(R"([{"id": 1, "tool": "now"}, {"id": 2, "tool": "join", "args": {"x": "$1"}}])"),
            "1. now()\n2. join($1)\n");
  EXPECT_EQ(summary(R"({"calls": [{"id": 1, "tool": "now", "args": {}}]})"), "1. now()\n2. join()\n");
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
  EXPECT_THAT(summary("{\"calls\": [{\"id\": 1, "), HasSubstr("1:12: error: this '{' is never closed"));
  EXPECT_THAT(summary("{\"call\": 1}"), HasSubstr("1:1: error: expected {\"calls\": [...]}"));
  EXPECT_THAT(summary(R"({"calls": [{"id": 1, "tool": "now", "after": [2]},
                                     {"id": 2, "tool": "now", "after": [1]}]})"),
              HasSubstr("calls wait for each other: 1 waits for 2 waits for 1"));
}

TEST(ToolCalls, AreNumberedInOrder) {
  const char *calls = R"([
    {"id": "call_a", "type": "function", "function": {"name": "search", "arguments": "{\"query\": \"Lyon \\\"x\\\"\"}"}},
    {"id": "call_b", "type": "function", "function": {"name": "now", "arguments": ""}},
    {"id": "call_c", "function": {"name": "any", "arguments": {"value": "$1 and $2"}}}])";
  const char *read = "1. search(query=\"Lyon \\\"x\\\"\")\n2. now()\n"
                     "3. any(value=\"${1} and ${2}\")\n4. join()\n";
  EXPECT_EQ(summary(calls), read);
  EXPECT_EQ(summary(std::string(R"({"role": "assistant", "content": null, "tool_calls": )") + calls + "}"),
            read);
  EXPECT_THAT(summary(R"([{"id": "a", "function": {"name": "search", "arguments": "{\"query\": "}}])"),
              HasSubstr("1:58: error: in \"arguments\": this '{' is never closed"));
}

// Every cut of a text gives what the whole gives.
std::vector<std::string> streamed(std::string_view text, size_t step) {
  static const TestCatalog catalog;
  WritingListener listener;
  PlanStream stream("plan", catalog, {}, listener);
  for (size_t at = 0; at < text.size(); at += step)
    stream.feed(text.substr(at, step));
  stream.end();
  return listener.events;
}

TEST(PlanStreams, ByteByByteIsTheSameAsWhole) {
  for (const char *text :
       {"Thought: x\n1. search(\"a\\\"b\", limit=2) 2. any($1.items[0].price, \"\"\"x\"y\"\"\")\n3. join($2)\n<END_OF_PLAN>\n4. now()",
        "1. search(\"a\n2. search(\"b\")\n3. join()", "1. search(\"a)\n2. search('b'\n3. now()\n\n4. join\n",
        "text 1. now() more\n```\n2. nothing(1)\nThoughtful(1)\nThought 2. now()\n3. after 1, 2: now()// c\njoin()",
        "{\"calls\": [{\"id\": 1, \"tool\": \"now\"}]}", "1. any(007)\n2. any(\"${1\")\n3. any(''''a'''')\n4. join(",
        "\xC3\xA9 1. any(\"\xC3\xA9\") \xFF\n<END_OF_PLA join()\njoin these\njoin"})
    for (size_t step : {1, 2, 3, 7})
      EXPECT_EQ(streamed(text, step), streamed(text, 100000)) << text << " by " << step;
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
  EXPECT_THAT(listener.events,
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
  EXPECT_THAT(listener.events, ElementsAre("8. math(expression=\"${7} \\$8\")", HasSubstr("error: $7.nothing"),
                                           "broken 9 any"));
}

TEST(PlanStreams, TakeLinearTimeOnHostileText) {
  for (const char *piece : {"1. any(\"", "1. any('\n2. any(\"\n", "1. a(\"\"\"\n1. a('''\n", "(", "1. ", "$1", "1. any([\n",
                            "x 1.", "1. any(\"\\\"", "`", "1. any(#", "<", "[", "{\"", "1. any(\"${1", "\n"}) {
    std::string text;
    while (text.size() < 300'000)
      text += piece;
    streamed(text, 1); // quadratic time would be minutes
  }
}

// Plans made at random print as text that reads as the same plan.
class PlanMaker {
public:
  explicit PlanMaker(unsigned seed) : random(seed) {}

  Plan make() {
    Plan plan;
    for (CallId id = 1 + below(3); plan.calls.size() < 1 + below(6); id += 1 + below(4)) {
      PlanCall call{id, "open", {}, {}, {}};
      for (size_t i = below(4); i-- > 0;)
        call.arguments.members.push_back({word() + std::to_string(i), value(3)});
      if (!ids.empty() && below(4) == 0)
        call.after.push_back(ids[below(ids.size())]);
      plan.calls.push_back(std::move(call));
      ids.push_back(id);
    }
    plan.join.emplace();
    for (size_t i = below(3); i-- > 0;)
      plan.join->arguments.push_back(value(2));
    return plan;
  }

private:
  size_t below(size_t bound) { return random() % bound; }

  std::string word() {
    static const std::vector<std::string> pieces = {
        "a", "$", "$1", "${1}", "\\", "\"", "'", "\n", "2. b(", "{", "}", "\xC3\xA9", "#", ")", ".5", ",", "\x01", "\\$"};
    std::string text;
    for (size_t i = below(5); i-- > 0;)
      text += pieces[below(pieces.size())];
    return text;
  }

  Reference reference() {
    Reference made{ids[below(ids.size())], {}, {}};
    for (size_t i = below(3); i-- > 0;)
      if (below(2))
        made.selector.push_back(static_cast<int64_t>(below(5)) - 2);
      else
        made.selector.push_back(word());
    return made;
  }

  Json json(int depth) {
    switch (below(depth > 0 ? 7 : 5)) {
    case 0:
      return nullptr;
    case 1:
      return below(2) == 0;
    case 2:
      return static_cast<int64_t>(random()) - 1'000'000'000;
    case 3:
      return static_cast<double>(random()) / 7e12;
    case 4:
      return word();
    case 5:
      return Json::array({json(depth - 1), json(depth - 1)});
    default:
      return Json::object({{word() + "1", json(depth - 1)}, {word() + "2", json(depth - 1)}});
    }
  }

  // Canonical: what has no reference in it is JSON, and a text has other pieces beside a reference.
  Template value(int depth) {
    if (ids.empty())
      return {json(depth), {}};
    switch (below(depth > 0 ? 5 : 3)) {
    case 0:
      return {json(depth), {}};
    case 1:
      return {reference(), {}};
    case 2: {
      Template::Text text;
      text.pieces = {"x" + word(), reference(), reference(), word() + "$"};
      return {std::move(text), {}};
    }
    case 3: {
      Template::List list;
      list.elements.push_back({reference(), {}});
      list.elements.push_back(value(depth - 1));
      return {std::move(list), {}};
    }
    default: {
      Template::Object object;
      object.members.push_back({word() + "1", {reference(), {}}});
      object.members.push_back({word() + "2", value(depth - 1)});
      return {std::move(object), {}};
    }
    }
  }

  std::mt19937 random;
  std::vector<CallId> ids;
};

bool same(const Reference &a, const Reference &b) { return a.call == b.call && a.selector == b.selector; }

bool same(const Template &a, const Template &b) {
  if (a.node.index() != b.node.index())
    return false;
  auto all = [](const auto &left, const auto &right, const auto &equal) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), equal);
  };
  if (auto *json = std::get_if<Json>(&a.node))
    return *json == std::get<Json>(b.node);
  if (auto *reference = std::get_if<Reference>(&a.node))
    return same(*reference, std::get<Reference>(b.node));
  if (auto *text = std::get_if<Template::Text>(&a.node))
    return all(text->pieces, std::get<Template::Text>(b.node).pieces, [](const auto &x, const auto &y) {
      if (x.index() != y.index())
        return false;
      return x.index() == 0 ? std::get<0>(x) == std::get<0>(y) : same(std::get<1>(x), std::get<1>(y));
    });
  if (auto *list = std::get_if<Template::List>(&a.node))
    return all(list->elements, std::get<Template::List>(b.node).elements,
               [](const Template &x, const Template &y) { return same(x, y); });
  return all(std::get<Template::Object>(a.node).members, std::get<Template::Object>(b.node).members,
             [](const auto &x, const auto &y) { return x.name == y.name && same(x.value, y.value); });
}

TEST(PlanPrinter, RandomPlansReadBack) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    Plan plan = PlanMaker(seed).make();
    std::string text = toPlanText(plan);
    CheckedPlan read = parse(text);
    ASSERT_TRUE(read.ok()) << text << render(read.diagnostics[0], read.source);
    ASSERT_EQ(read.plan.calls.size(), plan.calls.size()) << text;
    for (size_t i = 0; i < plan.calls.size(); ++i) {
      const PlanCall &a = plan.calls[i], &b = read.plan.calls[i];
      ASSERT_TRUE(a.id == b.id && a.tool == b.tool && a.after == b.after) << text;
      ASSERT_TRUE(same(Template{a.arguments, {}}, Template{b.arguments, {}})) << text << toPlanText(b);
    }
    ASSERT_EQ(toPlanText(read.plan), text);
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
  EXPECT_EQ(describeTool(tool), "t(unit?: \"m\" | 2, node?: {next?: {next?: {next?: {next?: object}}}}, "
                                "x?: list | null)\n  First.\n  Second.\n");
}

TEST(PlanGrammar, HasARuleForEachTool) {
  TestCatalog catalog;
  std::string grammar = planGrammarGbnf({catalog.find("search"), catalog.find("any"), catalog.find("now")});
  EXPECT_THAT(grammar,
              AllOf(HasSubstr("call ::= id \". \" (tool-0 | tool-1 | tool-2) \"\\n\"\n"),
                    HasSubstr("tool-0 ::= \"search(\" \"query=\" (string | reference) (\", \" \"limit=\" "
                              "(integer | reference))? \")\"\n"),
                    HasSubstr("tool-1 ::= \"any(\" (tool-1-rest-0)? \")\"\ntool-1-rest-0 ::= \"value=\" value "
                              "(\", \" tool-1-rest-1)? | tool-1-rest-1\ntool-1-rest-1 ::= \"more=\" value\n"),
                    HasSubstr("tool-2 ::= \"now(\" \")\"\n")));
}

TEST(PlanGrammar, SchemaTakesPlansAndReferences) {
  ToolDescription tool;
  tool.name = "t";
  tool.input_schema = Json::parse(R"({"$defs": {"n": {"type": "integer"}}, "properties":
      {"n": {"$ref": "#/$defs/n"}}, "required": ["n"]})");
  Json schema = planGrammarSchema({&tool});
  auto fits = [&](const char *plan) { return CheckSchema(Json::parse(plan), SchemaView(schema)).empty(); };
  EXPECT_TRUE(fits(R"({"calls": [{"id": 1, "tool": "t", "args": {"n": 3}}, {"id": 2, "tool": "t", "args": {"n": "$1"}}]})"));
  EXPECT_FALSE(fits(R"({"calls": [{"id": 1, "tool": "t", "args": {"n": 3.5}}]})"));
  EXPECT_FALSE(fits(R"({"calls": [{"id": 1, "tool": "t", "args": {}}]})"));
  EXPECT_FALSE(fits(R"({"calls": [{"id": 1, "tool": "u", "args": {"n": 3}}]})"));
}

} // namespace
} // namespace heddle
