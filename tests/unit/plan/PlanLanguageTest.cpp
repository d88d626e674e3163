// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the plan language accepts and how it is read.

#include <gmock/gmock.h>

#include "plan_testing.h"

namespace heddle {
namespace {

using testing::HasSubstr;

TEST(PlanLanguage, ReadsThePublishedText) {
  EXPECT_EQ(summary(R"(1. search("population of Lyon")
Thought: I also need the second, as in 7. search("x")
2. search('population of Nantes')
3. math("$1 / $2")
4. join()
<END_OF_PLAN>
5. search("not read")
)"),
            R"(1. search(query="population of Lyon")
2. search(query="population of Nantes")
3. math(expression="${1} / ${2}")
4. join()
)");
}

TEST(PlanLanguage, AcceptsWhatModelsWriteAroundPlans) {
  EXPECT_EQ(summary("```\n# my plan\n\n  7. search(\"a\") 3. search(\"b\"); now() // nothing\n"
                    "- 12) math(expression: \"$3\")\n* any(1,)\n```\njoin\n"),
            R"(7. search(query="a")
3. search(query="b")
8. now()
12. math(expression="${3}")
13. any(value=1)
14. join()
)");
}

TEST(PlanLanguage, EmphasisAndByteOrderMarksHideNoCall) {
  constexpr const char* calls = "1. now()\n2. now()\n3. now()\n4. now()\n5. join()\n";
  EXPECT_EQ(summary("\xEF\xBB\xBF"
                    "1. now()\r\n**2.** now()\r\n* **3**. now()\n4. **now()**\n**5. join()**"),
            calls);
  EXPECT_EQ(summary("**1.** now()\n**2. now()**\n3. now()\n4. now()\n**join()**\n"), calls);
  // Elsewhere stars are what they were.
  EXPECT_THAT(summary("1. now() * 2\n2. join()\n"),
              HasSubstr("1:10: error: expected the end of the line"));
  EXPECT_THAT(summary("2**now(3)\n2. join()\n"),
              HasSubstr("1:1: warning: this is no call and is ignored"));
}

TEST(PlanLanguage, WarnsOfProseButFindsCallsInIt) {
  EXPECT_EQ(summary("Sure, this is it: 1. now() and then 2. now().\n3. join()\nDone (I hope)."),
            R"(1. now()
2. now()
3. join()
1:1: warning: this is no call and is ignored
1:28: warning: this is no call and is ignored
3:1: warning: this is no call and is ignored
)");
}

TEST(PlanLanguage, ReadsValues) {
  EXPECT_EQ(
      summary("1. any([1, -2.5, 1e3, .5, +7, True, false, None, null, 18446744073709551615],\n"
              "  more={'a': {\"b\": [ ]}, c: (1, 2), 3: (4), \"d\": (5,), # comment\n  })\n"
              "2. open(\"odd name\"=\"\"\"two\n\"quoted\" lines\"\"\", x-y='')\n"
              "3. join([$1, {\"k\": $2}])"),
      R"(1. any(value=[1, -2.5, 1000.0, 0.5, 7, true, false, null, null, 18446744073709551615], )"
      R"(more={"a": {"b": []}, "c": [1, 2], "3": 4, "d": [5]})
2. open("odd name"="two\n\"quoted\" lines", x-y="")
3. join([$1, {"k": $2}])
)");
}

TEST(PlanLanguage, ReadsEscapes) {
  CheckedPlan checked = parse(R"(1. any("a\n\t\"\'\\ \u00e9\ud83d\ude00\x41\d \ud800! \
-", 'it"s')
2. join())");
  ASSERT_TRUE(checked.ok());
  const auto& members = checked.plan.calls[0].arguments.members;
  EXPECT_EQ(std::get<Json>(members[0].value.node),
            "a\n\t\"'\\ \u00e9\U0001F600A\\d \xEF\xBF\xBD! -");
  EXPECT_EQ(std::get<Json>(members[1].value.node), "it\"s");
}

TEST(PlanLanguage, ReplacesWhatIsNotUtf8) {
  CheckedPlan checked = parse("1. any(\"\xFF\xC3(\xE4\xB8\xAD\")\n2. join()");
  ASSERT_TRUE(checked.ok());
  EXPECT_EQ(std::get<Json>(checked.plan.calls[0].arguments.members[0].value.node),
            "\xEF\xBF\xBD\xEF\xBF\xBD(\xE4\xB8\xAD");
}

TEST(PlanLanguage, ReferencesMaySelect) {
  EXPECT_EQ(summary(R"(1. open()
2. any($1.items[0].price, ${1["a b"][-1]})
3. any("$1.items", "costs ${1.items[0].price} or ${1['a.b']}")
4. join($2.x-y.0, "$3")
)"),
            R"(1. open()
2. any(value=$1.items[0].price, more=$1["a b"][-1])
3. any(value="${1}.items", more="costs ${1.items[0].price} or ${1[\"a.b\"]}")
4. join($2["x-y"][0], $3)
)");
}

TEST(PlanLanguage, MoneyIsNoReference) {
  auto argument = [](const std::string& text) {
    CheckedPlan checked = parse("1. now()\n12. now()\n20. any(\"" + text + "\")\n21. join()");
    EXPECT_TRUE(checked.ok()) << text;
    return toPlanText(checked.plan.calls[2].arguments.members[0].value);
  };
  EXPECT_EQ(argument("$1.50 and $1,000"), R"("\$1.50 and \$1,000")");
  EXPECT_EQ(argument("$12, $1. $1.x"), R"("${12}, ${1}. ${1}.x")");
  EXPECT_EQ(argument("$2 $20 $21 $123"), R"("\$2 \$20 \$21 \$123")");  // no earlier calls
  EXPECT_EQ(argument(R"(\$1 \${1} $01 $x ${x} $ $)"), R"("\$1 \${1} \$01 $x \${x} $ \$")");
  EXPECT_EQ(argument(R"(\\$1)"), R"("\\${1}")");
  EXPECT_EQ(argument("$$1$1"), R"("\$${1}${1}")");
  EXPECT_EQ(argument("x${1}"), R"("x${1}")");
}

// Where the place takes strings only, a quoted reference is text; elsewhere it is the value itself.
TEST(PlanLanguage, QuotedReferenceKeepsItsTypeWhereItMay) {
  EXPECT_EQ(summary(R"(1. open()
2. any("$1", ["${1}", "$1 "])
3. sum(["$1", "$2"])
4. math("$1")
5. math($1)
6. join("$2")
)"),
            R"(1. open()
2. any(value=$1, more=[$1, "${1} "])
3. sum(numbers=[$1, $2])
4. math(expression="${1}")
5. math(expression="${1}")
6. join($2)
)");
}

TEST(PlanLanguage, SaysOrderWithAfter) {
  EXPECT_EQ(summary("1. now()\n2. after 1, $3: now()\n3. now()\n4. join($2)\n"),
            "1. now()\n3. now()\n2. after 1, 3: now()\n4. join($2)\n");
}

TEST(PlanLanguage, NestsToABound) {
  std::string deep = std::string(63, '[') + std::string(63, ']');
  EXPECT_TRUE(parse("1. any(" + deep + ")\n2. join()").ok());
  std::string deeper = std::string(100'000, '[');
  EXPECT_THAT(summary("1. any(" + deeper + ")\n2. join()"),
              testing::AllOf(HasSubstr("1. join()"), HasSubstr("nest deeper than 64")));
}

TEST(PlanLanguage, ShowsThePlace) {
  CheckedPlan checked = parse("1. now()\n\t2. any('\xC3\xA9\xC3\xA9', oops)\n3. join()");
  ASSERT_EQ(checked.diagnostics.size(), 1u);
  EXPECT_EQ(render(checked.diagnostics[0], checked.source),
            "plan.txt:2:15: error: expected a value, found \"oops\": text is quoted\n"
            "   2. any('\xC3\xA9\xC3\xA9', oops)\n"
            "                ^~~~\n");
  std::string far =
      "1. any(\"" + std::string(5000, 'x') + "\", oops" + std::string(5000, ' ') + ")";
  checked = parse(far);
  std::string shown = render(checked.diagnostics[0], checked.source);
  EXPECT_LT(shown.size(), 400u);
  EXPECT_THAT(shown, HasSubstr("xxx\", oops "));
}

}  // namespace
}  // namespace heddle
