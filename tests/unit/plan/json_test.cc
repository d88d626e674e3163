// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "run_testing.h"
#include "runtime/plan/secrets.h"
#include "runtime/plan/template_json.h"

namespace heddle::testing {
namespace {

using ::testing::ElementsAre;

TEST(ParseJson, KeepsTheOrderAndTheLastOfAName) {
  auto round_trip = [](std::string_view text) {
    auto value = ParseJson(text, {});
    return value.ok() ? ToText(*value) : std::string(value.status().message());
  };
  EXPECT_EQ(round_trip(R"({"b": {"x": [1, {"y": []}, {}]}, "a": -1.5, "b": "last"})"),
            R"({"b":"last","a":-1.5})");
  EXPECT_EQ(round_trip(R"([[], [[null, true]], {"": 18446744073709551615}])"),
            R"([[],[[null,true]],{"":18446744073709551615}])");
  EXPECT_EQ(round_trip("7"), "7");
  for (const char* wrong : {"", "{", "[1,]", "{\"a\" 1}", "1 2", "nul", "\"\xff\""}) {
    EXPECT_THAT(round_trip(wrong), ::testing::HasSubstr("malformed JSON at line 1")) << wrong;
  }
}

TEST(ParseJson, DepthIsBoundedAndSizeCostsWhatItIs) {
  JsonLimits limits;
  limits.max_depth = 3;
  EXPECT_TRUE(ParseJson("[[[]], [[]]]", limits).ok());
  EXPECT_EQ(ParseJson("[[[[]]]]", limits).status().code(), absl::StatusCode::kResourceExhausted);
  std::string wide = "{";
  for (int i = 0; i < 200000; ++i) wide += "\"key" + std::to_string(i) + "\":0,";
  wide.back() = '}';
  auto began = EventLoop::Clock::now();
  EXPECT_EQ(ParseJson(wide, {})->size(), 200000u);
  EXPECT_LT(EventLoop::Clock::now() - began, std::chrono::seconds(10));  // a minute, if looked up
}

TEST(TemplateJson, ComesBackAsItWas) {
  Template text{Template::Text{{std::string("a $2 "), Reference{1, {"x", int64_t{-1}}, {}}}}, {}};
  Template list{Template::List{{Ref(3, {"a.b"}), Value("${1}"), text}}, {}};
  PlanCall call = Call(-7, "a.b/c-d", {{"l", list}, {"n", Value(nullptr)}}, {1, 2});
  auto back = CallFromJson(*ParseJson(ToText(ToJson(call)), {}));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(ToJson(*back), ToJson(call));
  EXPECT_EQ(back->id, -7);
  EXPECT_THAT(back->after, ElementsAre(1, 2));
  for (const char* damaged :
       {"{}", "[]", R"({"id": 1, "tool": "t", "args": {"a": ["what"]}, "after": []})"}) {
    EXPECT_FALSE(CallFromJson(*ParseJson(damaged, {})).ok()) << damaged;
  }
}

TEST(Secrets, AreHiddenInStringsAndComeBack) {
  Secrets secrets = {{"TOKEN", "abc"}, {"LONG", "abcdef"}, {"A", "A"}, {"EMPTY", ""}};
  Json value = {{"abc", "Bearer abcdef, abc"}, {"n", 5}, {"l", {"A", "xAx"}}};
  Json hidden = HideSecrets(value, secrets);
  EXPECT_EQ(ToText(hidden),
            R"({"${TOKEN}":"Bearer ${LONG}, ${TOKEN}","n":5,"l":["${A}","x${A}x"]})");
  EXPECT_EQ(ShowSecrets(hidden, secrets), value);
}

}  // namespace
}  // namespace heddle::testing
