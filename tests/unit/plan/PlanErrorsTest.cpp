// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is refused, where the message points, and that nothing else is lost with it.

#include <gmock/gmock.h>

#include "plan_testing.h"

namespace heddle {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const char* twoMore = "2. search(\"b\")\n3. join()\n";
const char* twoMoreRead = "2. search(query=\"b\")\n3. join()\n";

TEST(PlanErrors, UnclosedParenthesisNamesItsPlaceAndLosesNothing) {
  for (const char* open : {"1. search(\"a\"\n", "1. search(\"a\",\n", "1. search(\n",
                           "1. search(limit=1\n\n", "1. search(query=\n"})
    EXPECT_THAT(summary(std::string(open) + twoMore),
                AllOf(StartsWith(twoMoreRead),
                      HasSubstr("1:10: error: this '(' is not closed before line")))
        << open;
  EXPECT_THAT(summary(std::string("1. any([\"a\"\n") + twoMore),
              AllOf(StartsWith(twoMoreRead), HasSubstr("1:8: error: this '[' is not closed")));
  EXPECT_THAT(summary("1. search(\"a\" 2. search(\"b\") 3. join()"),
              AllOf(StartsWith(twoMoreRead), HasSubstr("1:15: error: expected ',' or ')'")));
  EXPECT_THAT(summary("1. search(\"a\", 2. search(\"b\") 3. join()"),
              AllOf(StartsWith(twoMoreRead), HasSubstr("error")));
  EXPECT_THAT(summary("1. search(\"a\"\nsearch(\"b\")\njoin()"),
              AllOf(StartsWith(twoMoreRead), HasSubstr("1:10: error: this '(' is not closed")));
  EXPECT_THAT(summary("1. now()\n2. join($1"), HasSubstr("2:8: error: this '(' is never closed"));
}

TEST(PlanErrors, UnclosedQuoteNamesItsPlaceAndLosesNothing) {
  for (const char* open : {"1. search(\"a)\n", "1. search(\"a\n", "1. search(\"\"\"a)\n"})
    EXPECT_THAT(
        summary(std::string(open) + twoMore),
        AllOf(StartsWith(twoMoreRead), HasSubstr("1:11: error: the string that begins here")))
        << open;
  EXPECT_THAT(summary(std::string("1. search('a)\n") + twoMore),
              AllOf(StartsWith(twoMoreRead),
                    HasSubstr("1:11: error: the string that begins here is never closed")));
  EXPECT_THAT(summary(std::string("1. search('it's')\n") + twoMore),
              AllOf(StartsWith(twoMoreRead), HasSubstr("1:15: error: expected ',' or ')'")));
}

// The reading in which everything closes is preferred.
TEST(PlanErrors, StringMayHoldLinesThatLookLikeCalls) {
  EXPECT_EQ(summary("1. any(\"steps:\n1. search(x)\n2. join()\n\")\n2. join()\n"),
            "1. any(value=\"steps:\\n1. search(x)\\n2. join()\\n\")\n2. join()\n");
}

TEST(PlanErrors, RefusesWhatIsNoCall) {
  EXPECT_EQ(summary("1. search \"a\"\n2. now()\n3. First I look\n4. join()"),
            "2. now()\n3. join()\n"
            "1:1: error: expected a call behind the number: NAME(arguments)\n"
            "3:1: error: expected a call behind the number: NAME(arguments)\n");
  EXPECT_THAT(summary("1. math(\"1\") / 2\n2. join()"), HasSubstr("1:14: error: expected the end"));
  EXPECT_THAT(summary("1. math(math(\"1\"))\n2. join()"),
              HasSubstr("1:9: error: a call inside a call"));
  EXPECT_THAT(summary("1. search(population of Lyon)\n2. now()\n3. join()"),
              AllOf(StartsWith("2. now()"), HasSubstr("1:11: error: expected a value")));
}

TEST(PlanErrors, SelectorsStandInsideTheBraces) {
  EXPECT_EQ(summary("1. search(\"a\")\n2. any(${1}.items[0].name)\n3. join()"),
            "1. search(query=\"a\")\n2. join()\n"
            "2:8: error: what is selected stands inside the braces: ${1.items[0].name}\n");
  EXPECT_THAT(summary("1. now()\n2. any([${1}[0]])\n3. join()"), HasSubstr("braces: ${1[0]}"));
}

TEST(PlanErrors, PointsAtDollarsThatMeanALaterCall) {
  const char* later =
      "1. any(\"$2, $1 and $3\")\n2. now()\n3. any(\"$3 \\$4 $4.50 ${1}\")\n4. now()\n5. join()";
  EXPECT_THAT(summary(later),
              testing::EndsWith("1:9: warning: $2 is text here, as call 2 stands later in the "
                                "text; write \\$2 if that is meant\n"
                                "1:20: warning: $3 is text here, as call 3 stands later in the "
                                "text; write \\$3 if that is meant\n"));
  EXPECT_TRUE(parse(later).ok());
  EXPECT_THAT(
      summary(
          R"({"calls": [{"id": 1, "tool": "any", "args": {"value": "$2"}}, {"id": 2, "tool": "now"}]})"),
      HasSubstr("warning: $2 is text here"));
}

TEST(PlanErrors, RefusesValuesThatWouldChange) {
  for (const char* value :
       {"007", "1e999", "123456789012345678901234567890", "1/2", "1_000", "nan", "$x", "${1", "$1[",
        "\"${1\"", "{\"a\": 1, \"a\": 2}", "{1, 2}", "a=1, a=2", "value=1, 2", "--1", "", "@"}) {
    std::string text = std::string("1. now()\n2. any(") + value + ", 5)\n3. join()";
    CheckedPlan checked = parse(text);
    EXPECT_FALSE(checked.ok()) << value;
    EXPECT_TRUE(checked.plan.join) << value;
  }
}

TEST(PlanErrors, UnknownToolHasTheNearestName) {
  EXPECT_THAT(summary("1. serach(\"a\")\n2. join()"),
              HasSubstr("1:4: error: there is no tool \"serach\"; did you mean 'search'?"));
  EXPECT_THAT(summary("1. files_read_all_v2()\n2. join()"), HasSubstr("'files.read-all/v2'"));
  EXPECT_THAT(summary("1. qwertz()\n2. join()"), Not(HasSubstr("did you mean")));
  EXPECT_TRUE(parse("1. files.read-all/v2(\"x\")\n2. join()").ok());
}

TEST(PlanErrors, ChecksArguments) {
  EXPECT_EQ(
      summary("1. search()\n2. search(\"a\", 0)\n3. search(\"a\", \"b\", \"c\")\n"
              "4. search(qery=\"a\", limit=1)\n5. search(7)\n6. sum([1, \"x\", $5])\n7. join()"),
      "1. join()\n"
      "1:4: error: search: \"query\" is missing\n"
      "2:16: error: limit: expected at least 1, got 0\n"
      "3:21: error: search takes 2 arguments by position, got 3; its arguments: query, limit\n"
      "4:11: error: search has no argument \"qery\"; its arguments: "
      "query, limit; did you mean 'query'?\n"
      "5:11: error: query: expected a string, got an integer: 7\n"
      "6:12: error: numbers[1]: expected a number, got a string: \"x\"\n");
}

TEST(PlanErrors, ChecksReferences) {
  EXPECT_EQ(
      summary("1. search(\"a ${3}\")\n2. any($2, ${9})\n3. any($1.items, \"$1\")\n4. join($5)\n"),
      "3. any(value=$1.items, more=$1)\n"
      "1:14: error: call 3 stands later in the text; references go back only\n"
      "2:8: error: call 2 uses itself\n"
      "2:12: error: no call 9 stands before this\n"
      "4:9: error: no call 5 stands before this\n");
  EXPECT_EQ(
      summary(
          "1. search(\"a\")\n2. any($1.prices)\n3. any($1.items.x)\n4. any($1.items[0].price.x)\n"
          "5. sum([$1.items[0].name])\n6. search($1)\n7. sum([$1.items[0].price])\n8. join()"),
      "1. search(query=\"a\")\n7. sum(numbers=[$1.items[0].price])\n8. join()\n"
      "2:8: error: $1.prices selects nothing of what search returns: there is no \"prices\", only "
      "items, total\n"
      "3:8: error: $1.items.x selects nothing of what search returns: it is a list\n"
      "4:8: error: $1.items[0].price.x selects nothing of what search returns: it is a number\n"
      "5:9: error: numbers[0]: expected a number, got a string\n"
      "6:11: error: query: expected a string, got an object\n");
}

TEST(PlanErrors, ChecksThePlan) {
  EXPECT_EQ(summary("1. now()\n1. now()\n"),
            "1. now()\n"
            "2:1: error: there is already a call 1; ids are unique\n"
            "3:1: error: the plan has no join(): it says what is returned\n");
  EXPECT_THAT(summary(""), HasSubstr("1:1: error: there is no call in this plan"));
  EXPECT_THAT(summary("1. now()\n2. join()\n3. join()"),
              HasSubstr("3:1: error: the plan has another join()"));
  EXPECT_THAT(summary("1. after 2: now()\n2. after 1: now()\n3. join()"),
              HasSubstr("1:1: error: calls wait for each other: 1 waits for 2 waits for 1"));
  EXPECT_THAT(summary("1. now()\n2. join(x=$1)"),
              HasSubstr("2:9: error: join takes its arguments without names"));
}

TEST(PlanErrors, BoundsCallsBytesAndMessages) {
  TestCatalog catalog;
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "nothing()\n";
  CheckedPlan checked = parsePlan(many, "p", catalog, {.maxCalls = 50});
  EXPECT_EQ(checked.diagnostics.size(), 51u);
  EXPECT_THAT(checked.diagnostics.back().message, HasSubstr("more than 50 calls"));
  EXPECT_EQ(parsePlan(many, "p", catalog).diagnostics.size(), 100u);
  // What was not read any more is no further error.
  EXPECT_EQ(parsePlan("1. now()\n2. now()\n3. join($2)", "p", catalog, {.maxCalls = 1})
                .diagnostics.size(),
            1u);
  checked = parsePlan(many, "p", catalog, {.maxBytes = 100});
  EXPECT_THAT(checked.diagnostics.front().message, HasSubstr("more than 100 bytes"));
}

TEST(PlanErrors, NamesTheToolsOfAnyPlan) {
  EXPECT_THAT(toolsNamedIn("1. a(\n2. b.c($9)\n2. b.c()"), ElementsAre("b.c"));
}

}  // namespace
}  // namespace heddle
