// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/planner/prompts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace heddle {
namespace {

TEST(PromptsTest, TheDocumentationShowsThem) {
  std::stringstream docs;
  docs << std::ifstream(HEDDLE_DOCS "/planner.md").rdbuf();
  for (const std::string_view prompt :
       {kPlannerRules, kPlannerExample, kNativeRules, kJoinerRules, kJoinerChoice, kJoinerNoChoice,
        kJoinerForm, kCorrectionRules, kNoPlan, kNoDecision}) {
    EXPECT_NE(docs.str().find(prompt), std::string::npos) << prompt;
  }
}

TEST(PromptsTest, ToolsAndExamplesAreThere) {
  ToolDescription tool;
  tool.name = "look";
  tool.description = "Looks.";
  tool.input_schema = {{"type", "object"}, {"properties", {{"at", {{"type", "string"}}}}}};
  const std::string text = PlannerPrompt({&tool}, "Question: mine\n");
  EXPECT_THAT(text, testing::HasSubstr("look(at?: string)\n  Looks.\n"));
  EXPECT_THAT(text, testing::HasSubstr("Question: mine"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("Nantes")));
  EXPECT_THAT(PlannerPrompt({&tool}, ""), testing::HasSubstr("Nantes"));
}

}  // namespace
}  // namespace heddle
