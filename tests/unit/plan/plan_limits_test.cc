// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "run_testing.h"

namespace heddle::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
constexpr auto kRead = ToolEffects::kRead, kWrite = ToolEffects::kWrite;

TEST_F(PlanRunTest, LimitsHold) {
  ToolDescription narrow = Describe("narrow"), wide = Describe("wide");
  narrow.max_parallel = 2;
  FakeTool& a = AddSlow(narrow, milliseconds(2));
  FakeTool& b = AddSlow(wide, milliseconds(2));
  Plan plan;
  for (int i = 0; i < 12; ++i)
    plan.calls.push_back(Call(i, i % 2 ? "narrow" : "wide", {{"i", Value(i)}}));
  RunOptions options;
  options.max_parallel = 3;
  EXPECT_EQ(Run(plan, options).status, RunReport::Status::kOk);
  EXPECT_LE(a.most_at_once, 2);
  EXPECT_LE(b.most_at_once, 3);
}

TEST_F(PlanRunTest, RatesAllowABurstAndThenAPace) {
  ToolDescription limited = Describe("limited");
  limited.rate_per_second = 50;
  AddEcho(limited);
  Plan plan;
  for (int i = 0; i < 60; ++i) plan.calls.push_back(Call(i, "limited", {{"i", Value(i)}}));
  RunReport report = Run(plan);
  EXPECT_LT(report.calls[49].end_ms, 150);
  EXPECT_GE(report.makespan_ms, 199);
}

TEST_F(PlanRunTest, TheMostUrgentGoesFirst) {
  ToolDescription step = Describe("step");
  step.cost_ms = 10;
  AddEcho(step);
  RunOptions options;
  options.max_parallel = 1;
  // 3 begins a chain of three; it stands last.
  Run({{Call(1, "step", {{"a", Value(1)}}), Call(2, "step", {{"a", Value(2)}}),
        Call(3, "step", {{"a", Value(3)}}), Call(4, "step", {{"x", Ref(3)}}),
        Call(5, "step", {{"x", Ref(4)}})},
       Join()},
      options);
  EXPECT_THAT(recorder_.events[0], "start 3");
  EXPECT_THAT(recorder_.events[2], "start 4");
}

TEST_F(PlanRunTest, CallsThatAreReadyTogetherGoAsOneBatch) {
  ToolDescription batched = Describe("batched", kRead);
  batched.batch_size = 4;
  FakeTool& tool = AddTool(batched, [](const Json& calls, auto&, auto done) {
    Json results = Json::array();
    for (const Json& call : calls) results.push_back(call["i"].template get<int>() * 2);
    done(results);
  });
  PlanRun run(*loop_, *registry_, {}, nullptr);
  for (int i = 0; i < 6; ++i) run.Add(Call(i, "batched", {{"i", Value(i)}}));
  std::optional<RunReport> report;
  run.Finish(Join({Ref(0), Ref(5)}), [&](RunReport r) { report = r; });
  Wait([&] { return report.has_value(); });
  EXPECT_EQ(tool.started, 2);
  EXPECT_EQ(tool.seen[0].size(), 4u);
  EXPECT_EQ(ToText(report->result), "[0,10]");
}

TEST_F(PlanRunTest, ABatchThatReturnsTooLittleFails) {
  ToolDescription batched = Describe("batched", kRead);
  batched.batch_size = 4;
  AddTool(batched, [](const Json&, auto&, auto done) { done(Json::array({1})); });
  RunReport report = Run({{Call(1, "batched", {{"i", Value(1)}}), Call(2, "batched")}, Join()});
  EXPECT_THAT(Statuses(report), ElementsAre("error", "error"));
  EXPECT_THAT(report.calls[0].error, HasSubstr("2 calls returned 1 results"));
}

TEST_F(PlanRunTest, WhatMayHappenTwiceIsTriedAgain) {
  ToolDescription flaky = Describe("flaky", kRead);
  flaky.retries = 3;
  flaky.backoff = milliseconds(4);
  int left = 2;
  FakeTool& tool = AddTool(flaky, [&](const Json&, auto&, auto done) {
    if (left-- > 0) return done(ToolError{"lost", true, {}});
    done("there");
  });
  RunReport report = Run({{Call(1, "flaky")}, Join({Ref(1)})});
  EXPECT_EQ(report.result, "there");
  EXPECT_EQ(report.calls[0].attempts, 3);
  EXPECT_EQ(tool.started, 3);
  ASSERT_EQ(recorder_.pauses.size(), 2u);
  EXPECT_GE(recorder_.pauses[1], milliseconds(4));
  EXPECT_GE(report.makespan_ms, 6);
}

TEST_F(PlanRunTest, AWriteThatIsNotIdempotentIsTriedOnce) {
  for (bool idempotent : {false, true}) {
    ToolDescription put = Describe(idempotent ? "idempotent" : "put", kWrite);
    put.retries = 1;
    put.backoff = milliseconds(1);
    put.idempotent = idempotent;
    FakeTool& tool = AddTool(put, Failing({"lost", true, {}}));
    RunReport report = Run({{Call(1, put.name)}, Join()});
    EXPECT_EQ(tool.started, idempotent ? 2 : 1);
    EXPECT_THAT(Statuses(report), ElementsAre("error"));
  }
}

TEST_F(PlanRunTest, ACallThatTakesTooLongIsCancelled) {
  ToolDescription silent = Describe("silent", kWrite);
  silent.timeout = milliseconds(20);
  FakeTool& tool = AddSilent(silent);
  RunReport report = Run({{Call(1, "silent")}, Join()});
  EXPECT_THAT(Statuses(report), ElementsAre("error"));
  EXPECT_THAT(report.calls[0].error, HasSubstr("timed out after 20 ms"));
  EXPECT_EQ(tool.in_flight, 0);
}

TEST_F(PlanRunTest, ARunThatTakesTooLongEnds) {
  AddSilent(Describe("silent"));
  AddEcho(Describe("echo"));
  RunOptions options;
  options.timeout = milliseconds(30);
  RunReport report = Run(
      {{Call(1, "silent"), Call(2, "echo"), Call(3, "echo", {{"x", Ref(1)}})}, Join()}, options);
  EXPECT_EQ(report.status, RunReport::Status::kFailed);
  EXPECT_THAT(Statuses(report), ElementsAre("cancelled", "ok", "cancelled"));
  EXPECT_THAT(report.calls[0].error, HasSubstr("30 ms"));
}

TEST_F(PlanRunTest, CancelEndsEverythingAndKeepsWhatFinished) {
  FakeTool& silent = AddSilent(Describe("silent"));
  AddEcho(Describe("echo"));
  PlanRun run(*loop_, *registry_, {}, &recorder_);
  std::optional<RunReport> report;
  recorder_.on_end = [&](const CallReport& call) {
    if (call.id == 2) run.Cancel();
  };
  run.Start({{Call(1, "silent"), Call(2, "echo"), Call(3, "echo", {{"x", Ref(1)}}),
              Call(4, "echo", {{"x", Ref(2)}})},
             Join()},
            [&](RunReport r) { report = r; });
  Wait([&] { return report.has_value(); });
  EXPECT_EQ(report->status, RunReport::Status::kCancelled);
  EXPECT_THAT(Statuses(*report), ElementsAre("cancelled", "ok", "cancelled", "cancelled"));
  Wait([&] { return silent.in_flight == 0; });
}

TEST_F(PlanRunTest, AStreamThatIsCancelledEndsWithItsFinish) {
  AddSilent(Describe("silent"));
  PlanRun run(*loop_, *registry_, {}, &recorder_);
  run.Add(Call(1, "silent"));
  run.Cancel();
  run.Add(Call(2, "silent", {{"x", Value(1)}}));
  std::optional<RunReport> report;
  run.Finish(std::nullopt, [&](RunReport r) { report = r; });
  Wait([&] { return report.has_value(); });
  EXPECT_THAT(Statuses(*report), ElementsAre("cancelled", "cancelled"));
}

TEST_F(PlanRunTest, ApprovalWaitsAlone) {
  ToolDescription careful = Describe("careful", kWrite);
  careful.approval = true;
  FakeTool& tool = AddEcho(careful);
  AddEcho(Describe("echo"));
  PlanRun run(*loop_, *registry_, {}, &recorder_);
  std::optional<RunReport> report;
  run.Start({{Call(1, "careful", {{"n", Value(1)}}), Call(2, "careful"), Call(3, "echo"),
              Call(4, "echo", {{"x", Ref(1)}}), Call(5, "echo", {{"x", Ref(2)}})},
             Join()},
            [&](RunReport r) { report = r; });
  EXPECT_THAT(recorder_.events, ::testing::Contains("end 3 ok"));
  EXPECT_EQ(tool.started, 0);
  ASSERT_EQ(recorder_.answers.size(), 2u);
  recorder_.answers[0](true);
  EXPECT_EQ(tool.started, 1);
  recorder_.answers[1](false);
  recorder_.answers[1](true);  // too late
  Wait([&] { return report.has_value(); });
  EXPECT_THAT(Statuses(*report), ElementsAre("ok", "denied", "ok", "ok", "skipped"));
  EXPECT_EQ(report->status, RunReport::Status::kFailed);
  recorder_.answers[0](true);  // the run has ended
}

TEST_F(PlanRunTest, NobodyToAskMeansNo) {
  ToolDescription careful = Describe("careful", kWrite);
  careful.approval = true;
  AddEcho(careful);
  PlanRun run(*loop_, *registry_, {}, nullptr);
  std::optional<RunReport> report;
  run.Start({{Call(1, "careful")}, Join()}, [&](RunReport r) { report = r; });
  Wait([&] { return report.has_value(); });
  EXPECT_THAT(Statuses(*report), ElementsAre("denied"));
}

}  // namespace
}  // namespace heddle::testing
