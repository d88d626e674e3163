// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How results, failures and the join of a plan come about, and how a run ends.

#include "run_testing.h"
#include "runtime/plan/critical_path.h"

namespace heddle::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(PlanRunTest, ResultsReachThoseThatReferToThem) {
  AddEcho(Describe("echo"));
  RunReport report = Run({{Call(1, "echo", {{"x", Value({{"items", {10, 20}}})}}),
                           Call(7, "echo", {{"y", Ref(1, {"x", "items", int64_t{-1}})}})},
                          Join({Ref(7, {"y"})})});
  EXPECT_EQ(report.status, RunReport::Status::kOk);
  EXPECT_EQ(report.result, 20);
  EXPECT_EQ(report.calls[1].arguments, (Json{{"y", 20}}));
}

TEST_F(PlanRunTest, JoinRules) {
  AddEcho(Describe("echo"));
  AddTool(Describe("fail"), Failing({"broke", false, {}}));
  std::vector<PlanCall> calls = {Call(1, "echo"), Call(2, "fail")};
  EXPECT_EQ(ToText(Run({calls, Join()}).result), R"({"1":{},"2":{"error":"broke"}})");
  EXPECT_EQ(ToText(Run({calls, std::nullopt}).result), R"({"1":{},"2":{"error":"broke"}})");
  EXPECT_EQ(ToText(Run({calls, Join({Ref(1), Ref(2, {"a", "b"})})}).result),
            R"([{},{"error":"broke"}])");
  Template nested{
      Template::Object{{{"r", Ref(2)},
                        {"t", {Template::Text{{std::string("got "), Reference{2, {}, {}}}}, {}}}}},
      {}};
  EXPECT_EQ(ToText(Run({calls, Join({nested})}).result),
            R"x({"r":{"error":"broke"},"t":"got {\"error\":\"broke\"}"})x");
  RunReport wrong = Run({calls, Join({Ref(1, {"nothing"})})});
  EXPECT_THAT(ToText(wrong.result), HasSubstr("selects nothing"));
  EXPECT_EQ(wrong.status, RunReport::Status::kFailed);
}

// A raising tool is an error of those that use it, an observation for the join, and never a hang.
TEST_F(PlanRunTest, AFailureSkipsItsUsersAndNobodyElse) {
  AddEcho(Describe("echo"));
  AddTool(Describe("fail"), Failing({"no such city", false, {}}));
  RunReport report =
      Run({{Call(1, "fail"), Call(2, "echo", {{"x", Ref(1)}}), Call(3, "echo", {{"x", Ref(2)}}),
            Call(4, "echo", {{"z", Value(1)}}, {1}), Call(5, "echo")},
           Join()});
  EXPECT_EQ(report.status, RunReport::Status::kFailed);
  EXPECT_THAT(Statuses(report), ElementsAre("error", "skipped", "skipped", "ok", "ok"));
  EXPECT_EQ(report.calls[0].error, "no such city");
  EXPECT_EQ(report.calls[2].error, "call 1 has no result: no such city");
  EXPECT_EQ(report.calls[1].attempts, 0);
}

TEST_F(PlanRunTest, ConstantCallsDoNotRun) {
  AddSilent(Describe("hang", ToolEffects::kRead));
  FakeTool& sum = AddEcho(Describe("sum"));
  sum.evaluate = [](const Json& arguments) -> std::optional<Json> {
    if (!arguments["a"].is_number()) return std::nullopt;
    return Json(arguments["a"].get<int>() + 1);
  };
  RunOptions options;
  options.max_parallel = 1;
  options.timeout = milliseconds(20);
  RunReport report =
      Run({{Call(1, "hang"), Call(2, "sum", {{"a", Value(1)}}), Call(3, "sum", {{"a", Ref(2)}}),
            Call(4, "sum", {{"a", Value(1)}}), Call(5, "sum", {{"a", Ref(1)}})},
           Join()},
          options);
  EXPECT_THAT(Statuses(report), ElementsAre("cancelled", "ok", "ok", "deduplicated", "cancelled"));
  EXPECT_EQ(report.calls[2].result, Json(3));
  EXPECT_EQ(report.calls[2].attempts, 0);
  EXPECT_EQ(report.calls[2].arguments, Json({{"a", 2}}));
  EXPECT_EQ(sum.started, 0);

  // What would fail does so where it stands, and `after` keeps its meaning through a constant.
  report =
      Run({{Call(1, "sum", {{"a", Value("x")}}), Call(2, "sum", {{"a", Value(5)}}, {1})}, Join()});
  EXPECT_THAT(Statuses(report), ElementsAre("ok", "ok"));
  EXPECT_EQ(report.calls[1].attempts, 1);
  EXPECT_EQ(sum.started, 2);
}

TEST_F(PlanRunTest, AnEmptyErrorIsAnErrorStill) {
  AddTool(Describe("fail"), Failing({"", false, {}}));
  RunReport report = Run({{Call(1, "fail")}, Join()});
  EXPECT_THAT(Statuses(report), ElementsAre("error"));
  EXPECT_NE(report.calls[0].error, "");
}

TEST_F(PlanRunTest, ASelectorThatSelectsNothingFailsItsCallAlone) {
  AddEcho(Describe("echo"));
  RunReport report = Run({{Call(1, "echo"), Call(2, "echo", {{"x", Ref(1, {"price"})}})}, Join()});
  EXPECT_THAT(Statuses(report), ElementsAre("ok", "error"));
  EXPECT_THAT(report.calls[1].error, HasSubstr("price"));
}

// What a tool returned is never scanned again.
TEST_F(PlanRunTest, AResultThatLooksLikeAReferenceIsText) {
  AddEcho(Describe("echo"));
  RunReport report =
      Run({{Call(1, "echo", {{"x", Value("$2 and ${1}")}}), Call(2, "echo", {{"x", Ref(1, {"x"})}}),
            Call(3, "echo", {{"x", Ref(2)}})},
           Join({Ref(3, {"x", "x"})})});
  EXPECT_EQ(report.result, "$2 and ${1}");
}

TEST_F(PlanRunTest, IndependentCallsRunAtOnceAndNoThreadWaits) {
  AddSlow(Describe("sleep"), milliseconds(100));
  Plan plan;
  for (int i = 0; i < 50; ++i) plan.calls.push_back(Call(i, "sleep", {{"i", Value(i)}}));
  RunReport report = Run(plan);
  EXPECT_LT(report.makespan_ms, 1000);
  EXPECT_GE(report.critical_path_ms, 99);
  EXPECT_LE(report.critical_path_ms, report.makespan_ms);
}

TEST_F(PlanRunTest, AStreamedCallStartsBeforeTheNextArrives) {
  FakeTool& echo = AddEcho(Describe("echo"));
  PlanRun run(*loop_, *registry_, {}, &recorder_);
  run.Add(Call(1, "echo"));
  EXPECT_EQ(echo.started, 1);
  run.AddBroken(2, "ehco", "there is no tool named ehco");
  run.Add(Call(3, "echo", {{"x", Ref(2)}}));
  run.Add(Call(4, "echo", {{"x", Ref(9)}}));
  run.Add(Call(5, "nobody"));
  run.Add(Call(1, "echo"));
  std::optional<RunReport> report;
  run.Finish(Join({Ref(1), Ref(2)}), [&](RunReport r) { report = r; });
  EXPECT_FALSE(report);  // never from within
  Wait([&] { return report.has_value(); });
  EXPECT_THAT(Statuses(*report), ElementsAre("ok", "error", "error", "error", "error"));
  EXPECT_THAT(report->calls[2].error, HasSubstr("no call 9"));
  EXPECT_THAT(report->calls[3].error, HasSubstr("nobody"));
  EXPECT_THAT(report->calls[4].error, HasSubstr("already"));
}

TEST_F(PlanRunTest, AnEmptyPlanEnds) {
  RunReport report = Run({{}, Join()});
  EXPECT_EQ(report.status, RunReport::Status::kOk);
  EXPECT_EQ(report.result, Json::object());
}

TEST_F(PlanRunTest, ADestroyedRunCallsNothing) {
  FakeTool& slow = AddSlow(Describe("slow"), milliseconds(5));
  bool called = false;
  {
    PlanRun run(*loop_, *registry_, {}, &recorder_);
    run.Start({{Call(1, "slow")}, Join()}, [&](RunReport) { called = true; });
  }
  EXPECT_EQ(slow.in_flight, 0);
  bool later = false;
  auto timer = loop_->After(milliseconds(20), [&] { later = true; });
  Wait([&] { return later; });
  EXPECT_FALSE(called);
  EXPECT_THAT(recorder_.events, ElementsAre("start 1"));
}

TEST_F(PlanRunTest, ARunMayBeDestroyedByItsOwnObserver) {
  AddSlow(Describe("slow"), milliseconds(1));
  AddEcho(Describe("echo"));
  for (const char* tool : {"slow", "echo"}) {
    auto run = std::make_unique<PlanRun>(*loop_, *registry_, RunOptions{}, &recorder_);
    bool gone = false;
    recorder_.on_end = [&](const CallReport&) { run.reset(), gone = true; };
    loop_->Post([&] {
      run->Start({{Call(1, tool), Call(2, "slow", {{"x", Ref(1)}})}, Join()},
                 [](RunReport) { FAIL(); });
    });
    Wait([&] { return gone; });
  }
}

TEST_F(PlanRunTest, AChainOfTenThousandInstantCallsDoesNotNest) {
  AddEcho(Describe("echo"));
  Plan plan;
  plan.calls.push_back(Call(0, "echo"));
  for (int i = 1; i < 10000; ++i) plan.calls.push_back(Call(i, "echo", {{"i", Value(i)}}, {i - 1}));
  RunReport report = Run(plan);
  EXPECT_EQ(report.status, RunReport::Status::kOk);
  EXPECT_GE(report.makespan_ms, report.critical_path_ms);
}

TEST_F(PlanRunTest, ToolsAreToldTheTraceAndTheDeadline) {
  FakeTool& echo = AddEcho(Describe("echo"));
  RunOptions options;
  options.timeout = std::chrono::seconds(5);
  options.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  Run({{Call(1, "echo")}, Join()}, options);
  EXPECT_TRUE(echo.last_options.deadline.has_value());
  EXPECT_THAT(echo.last_options.traceparent,
              ::testing::StartsWith("00-0af7651916cd43dd8448eb211c80319c-"));
  EXPECT_NE(echo.last_options.traceparent, options.traceparent);
}

TEST_F(PlanRunTest, CostsAreLearned) {
  ToolCosts costs;
  ToolDescription slow = Describe("slow");
  slow.cost_ms = 1000;
  AddSlow(slow, milliseconds(10));
  EXPECT_EQ(costs.CostOf(slow), 1000);
  RunOptions options;
  options.costs = &costs;
  Run({{Call(1, "slow")}, Join()}, options);
  EXPECT_GE(costs.CostOf(slow), 9);
  EXPECT_LT(costs.CostOf(slow), 900);
}

TEST_F(PlanRunTest, AsJson) {
  AddEcho(Describe("echo"));
  AddTool(Describe("fail"), Failing({"broke", false, {}}));
  Json json = ToJson(Run({{Call(1, "echo", {{"x", Value(1)}}), Call(2, "fail")}, Join({Ref(1)})}));
  EXPECT_EQ(json["status"], "ok");  // 2 is pure and nothing needs it
  json = ToJson(Run({{Call(1, "echo", {{"x", Value(1)}}), Call(2, "fail")}, Join()}));
  EXPECT_EQ(json["status"], "failed");
  std::vector<std::string> names;
  for (const auto& [name, member] : json.items()) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("status", "result", "makespan_ms", "critical_path_ms", "calls"));
  EXPECT_EQ(json["calls"][0]["args"], (Json{{"x", 1}}));
  EXPECT_EQ(json["calls"][0]["result"], (Json{{"x", 1}}));
  EXPECT_EQ(json["calls"][1]["error"], "broke");
  EXPECT_FALSE(json["calls"][1].contains("result"));
}

}  // namespace
}  // namespace heddle::testing
