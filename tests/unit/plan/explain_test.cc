// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/plan/explain.h"

#include "run_testing.h"

namespace heddle::testing {
namespace {

using ::testing::ElementsAre;
constexpr auto kRead = ToolEffects::kRead, kWrite = ToolEffects::kWrite;

class ExplainTest : public ::testing::Test {
 protected:
  PlanExplanation Run(const Plan& plan) {
    auto evaluate = [](const std::string& tool, const Json& arguments) -> std::optional<Json> {
      if (tool != "sum" || !arguments["a"].is_number()) return std::nullopt;
      return Json(arguments["a"].get<int>() + arguments["b"].get<int>());
    };
    return Explain(plan, [this](const std::string& name) { return &tools_.at(name); }, evaluate,
                   {});
  }
  std::vector<std::string> Notes(const PlanExplanation& explanation) {
    std::vector<std::string> notes;
    for (const Explanation& note : explanation.explanations) {
      notes.push_back(std::to_string(note.call) + " " + std::string(ToText(note.kind)) +
                      (note.other ? " " + std::to_string(*note.other) : ""));
      EXPECT_FALSE(note.reason.empty());
    }
    return notes;
  }
  void Add(ToolDescription tool) { tools_.emplace(tool.name, tool); }
  std::map<std::string, ToolDescription> tools_;
};

TEST_F(ExplainTest, EveryRewriteHasItsReason) {
  Add(Describe("sum"));
  Add(Describe("think"));
  ToolDescription search = Describe("search", kRead);
  search.cost_ms = 50;
  search.batch_size = 8;
  Add(search);
  ToolDescription put = Describe("put", kWrite), get = Describe("get", kRead);
  put.resource = get.resource = "disk";
  Add(put);
  Add(get);
  Plan plan{
      {Call(1, "sum", {{"a", Value(1)}, {"b", Value(2)}}),
       Call(2, "sum", {{"a", Ref(1)}, {"b", Value(2)}}), Call(3, "search", {{"q", Value("x")}}),
       Call(4, "search", {{"q", Value("x")}}), Call(5, "search", {{"q", Value("y")}}),
       Call(6, "think", {{"q", Ref(3)}}), Call(7, "think", {{"q", Ref(4)}}), Call(8, "get"),
       Call(9, "put"), Call(10, "get"), Call(11, "think", {{"unused", Value(0)}})},
      Join({Ref(7), Ref(2)})};
  PlanExplanation explanation = Run(plan);
  EXPECT_THAT(Notes(explanation),
              ElementsAre("1 folded", "2 folded", "4 merged 3", "5 batched 3", "7 merged 6",
                          "9 ordered 8", "10 ordered 9", "11 dropped"));
  EXPECT_EQ(explanation.calls[1].folded, Json(5));
  EXPECT_TRUE(explanation.calls[5].runs);
  EXPECT_EQ(explanation.schedule.makespan_ms, 300);  // get, put, get at 100 each
  EXPECT_THAT(explanation.schedule.critical_path, ElementsAre(7, 8, 9));
}

}  // namespace
}  // namespace heddle::testing
