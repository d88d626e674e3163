// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the effects of tools allow and forbid: one call for equal ones, calls that nothing needs,
// and the order of writes.

#include "run_testing.h"

namespace heddle::testing {
namespace {

using ::testing::ElementsAre;
constexpr auto kRead = ToolEffects::kRead, kWrite = ToolEffects::kWrite;

TEST_F(PlanRunTest, EqualCallsAreOneCall) {
  FakeTool& echo = AddSlow(Describe("echo"), milliseconds(5));
  RunReport report = Run({{Call(1, "echo", {{"a", Value(1)}, {"b", Value(2)}}),
                           Call(2, "echo", {{"b", Value(2)}, {"a", Value(1)}}),
                           Call(3, "echo", {{"x", Ref(1)}}), Call(4, "echo", {{"x", Ref(2)}})},
                          Join()});
  EXPECT_EQ(echo.started, 2);
  EXPECT_THAT(Statuses(report), ElementsAre("ok", "deduplicated", "ok", "deduplicated"));
  EXPECT_EQ(report.calls[3].result, report.calls[2].result);
  RunOptions separate;
  separate.merge_duplicates = false;
  Run({{Call(1, "echo"), Call(2, "echo")}, Join()}, separate);
  EXPECT_EQ(echo.started, 4);
}

TEST_F(PlanRunTest, EqualCallsFailTogether) {
  FakeTool& fail = AddTool(Describe("fail"), Failing({"broke", false, {}}));
  RunReport report = Run({{Call(1, "fail"), Call(2, "fail")}, Join()});
  EXPECT_THAT(Statuses(report), ElementsAre("error", "error"));
  EXPECT_EQ(fail.started, 1);
}

TEST_F(PlanRunTest, ReadsAreNotMergedAcrossAWriteAndWritesNever) {
  ToolDescription get = Describe("get", kRead), put = Describe("put", kWrite);
  get.resource = put.resource = "disk";
  FakeTool& reads = AddSlow(get, milliseconds(2));
  FakeTool& writes = AddSlow(put, milliseconds(2));
  RunReport report = Run({{Call(1, "get"), Call(2, "get"), Call(3, "put"), Call(4, "get"),
                           Call(5, "get"), Call(6, "put")},
                          Join()});
  EXPECT_THAT(Statuses(report),
              ElementsAre("ok", "deduplicated", "ok", "ok", "deduplicated", "ok"));
  EXPECT_EQ(reads.started, 2);
  EXPECT_EQ(writes.started, 2);
  for (int i : {3, 5}) EXPECT_GE(report.calls[i].start_ms, report.calls[2].end_ms);
}

TEST_F(PlanRunTest, WritesOfAResourceKeepTheirOrderThroughFailures) {
  ToolDescription put = Describe("put", kWrite);
  put.resource = "disk";
  AddSlow(put, milliseconds(20));
  AddTool(Describe("fail"), Failing({"broke", false, {}}));
  // 3 is skipped at once; 4 must wait for 2 all the same.
  RunReport report = Run(
      {{Call(1, "fail"), Call(2, "put"), Call(3, "put", {{"x", Ref(1)}}), Call(4, "put")}, Join()});
  EXPECT_THAT(Statuses(report), ElementsAre("error", "ok", "skipped", "ok"));
  EXPECT_GE(report.calls[3].start_ms, report.calls[1].end_ms);
}

TEST_F(PlanRunTest, PureCallsThatNothingNeedsNeverStart) {
  FakeTool& echo = AddEcho(Describe("echo"));
  FakeTool& note = AddEcho(Describe("note", kWrite));
  RunReport report = Run({{Call(1, "echo"), Call(2, "echo", {{"x", Ref(1)}}), Call(3, "note"),
                           Call(4, "echo", {{"y", Value(1)}})},
                          Join({Ref(4)})});
  EXPECT_THAT(Statuses(report), ElementsAre("ok", "ok"));
  EXPECT_EQ(echo.started, 1);
  EXPECT_EQ(note.started, 1);
  EXPECT_EQ(Run({{Call(1, "echo"), Call(2, "echo", {{"x", Ref(1)}})}, Join()}).calls.size(), 2u);
}

TEST_F(PlanRunTest, InAStreamWhatNothingNeedsIsCancelledAndForgotten) {
  FakeTool& silent = AddSilent(Describe("silent"));
  AddEcho(Describe("echo"));
  PlanRun run(*loop_, *registry_, {}, &recorder_);
  run.Add(Call(1, "silent"));
  run.Add(Call(2, "silent", {{"x", Ref(1)}}));
  run.Add(Call(3, "echo", {}, {1}));
  std::optional<RunReport> report;
  run.Finish(Join({Ref(3)}), [&](RunReport r) { report = r; });
  Wait([&] { return report.has_value(); });
  EXPECT_THAT(Statuses(*report), ElementsAre("ok"));
  EXPECT_EQ(silent.in_flight, 0);
}

}  // namespace
}  // namespace heddle::testing
