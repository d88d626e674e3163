// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/planner/decision.h"

#include <gtest/gtest.h>

namespace heddle {
namespace {

TEST(DecisionTest, JsonInAFence) {
  const auto decision = ParseDecision(
      "Here:\n```json\n{\"thought\": \"t\", \"action\": \"Finish\", \"answer\": 42}\n```");
  ASSERT_TRUE(decision);
  EXPECT_TRUE(decision->finish);
  EXPECT_EQ(decision->answer, "42");
}

TEST(DecisionTest, PublishedText) {
  auto decision = ParseDecision("Thought: both known\nAction: Finish(a (b)\nc)\n");
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->answer, "a (b)\nc");
  EXPECT_EQ(decision->thought, "both known");
  decision = ParseDecision("Action: Replan(look elsewhere)");
  ASSERT_TRUE(decision);
  EXPECT_FALSE(decision->finish);
  EXPECT_EQ(decision->thought, "look elsewhere");
}

TEST(DecisionTest, OtherTextIsNone) {
  for (const char* text : {"", "42", "{\"action\": \"maybe\"}", "{\"action\": 1", "Action: Finish",
                           "Action: Dance(x)", "Action: )x("}) {
    EXPECT_FALSE(ParseDecision(text)) << text;
  }
}

}  // namespace
}  // namespace heddle
