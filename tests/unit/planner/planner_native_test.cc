// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/unit/planner/planner_testing.h"

namespace heddle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ChatStep Calls(const std::vector<std::pair<std::string, std::string>>& calls) {
  std::vector<ChatPiece> pieces;
  for (size_t i = 0; i < calls.size(); ++i) {
    const Json part = {{"index", i},
                       {"id", "id" + std::to_string(i)},
                       {"type", "function"},
                       {"function", {{"name", calls[i].first}, {"arguments", calls[i].second}}}};
    pieces.push_back({Event({{"choices", {{{"delta", {{"tool_calls", Json::array({part})}}}}}}}),
                      std::chrono::milliseconds(i == 0 ? 0 : 150)});
  }
  pieces.push_back({EndEvents("tool_calls")});
  return Raw(std::move(pieces));
}

TEST_F(PlannerTest, NativeCallsRunUntilAPlainAnswer) {
  ChatServer server({Calls({{"slow", R"({"q": "$1"})"}, {"read", R"({"q": 5})"}, {"raed", "{}"}}),
                     Calls({{"slow", R"({"q": "$1"})"}}), Stream("the answer")});
  Ask(server);
  ASSERT_TRUE(report_.status.ok()) << report_.status;
  EXPECT_EQ(report_.answer, "the answer");
  // The first runs while the second is written; the same again is not run, and "$1" is text.
  EXPECT_THAT(made_, ElementsAre("slow($1)"));
  EXPECT_LT(started_ms_[0], 290);
  EXPECT_THAT(statuses(),
              testing::UnorderedElementsAre("1 ok", "2 error", "3 error", "4 deduplicated"));
  const Json messages = server.request(1)["messages"];
  ASSERT_EQ(messages.size(), 6u);
  EXPECT_EQ(messages[2]["tool_calls"].size(), 3u);
  EXPECT_EQ(messages[3]["role"], "tool");
  EXPECT_EQ(messages[3]["tool_call_id"], "id0");
  EXPECT_EQ(messages[3]["content"], "\"slow($1)\"");
  EXPECT_THAT(messages[4]["content"].get<std::string>(), HasSubstr("failed: q: "));
  EXPECT_THAT(messages[5]["content"].get<std::string>(), HasSubstr("did you mean"));
  EXPECT_EQ(server.request(1)["tools"].size(), 5u);
  EXPECT_EQ(report_.replans, 1);
}

TEST_F(PlannerTest, NativeTurnsAreLimited) {
  ChatServer server({Calls({{"read", R"({"q": "a"})"}}), Stream("enough")});
  Ask(server, {.max_replans = 0});
  EXPECT_EQ(server.request(1)["tool_choice"], "none");
  EXPECT_EQ(report_.answer, "enough");
}

}  // namespace
}  // namespace heddle
