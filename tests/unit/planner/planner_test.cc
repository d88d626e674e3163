// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/unit/planner/planner_testing.h"

namespace heddle {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST_F(PlannerTest, PlansRunsAndAnswers) {
  ChatServer server(
      {Stream("Thought: look\n1. read(\"a\")\n2. read(\"of $1\")\n3. join()\n<END_OF_PLAN>"),
       Finish("forty-two")});
  Ask(server);
  ASSERT_TRUE(report_.status.ok()) << report_.status;
  EXPECT_EQ(report_.answer, "forty-two");
  EXPECT_THAT(made_, ElementsAre("read(a)", "read(of read(a))"));
  EXPECT_THAT(server.last_message(1),
              AllOf(HasSubstr("Why?"), HasSubstr("= \"read(of read(a))\"")));
  EXPECT_EQ(server.request(1)["response_format"]["type"], "json_schema");
  const Json json = ToJson(report_);
  EXPECT_EQ(json["status"], "ok");
  EXPECT_EQ(json["answer"], "forty-two");
  EXPECT_EQ(json["replans"], 0);
  EXPECT_EQ(json["usage"]["prompt_tokens"], 20);
  EXPECT_EQ(json["usage"]["completion_tokens"], 10);
}

TEST_F(PlannerTest, CallsStartWhileTheModelStillWrites) {
  ChatServer server(
      {Stream("1. slow(\"a\")\n2. slow(\"b\")\n3. join()\n", milliseconds(150)), Finish("x")});
  Ask(server);
  ASSERT_EQ(started_ms_.size(), 2u);
  // The last line comes at 450 ms, the end at 600.
  EXPECT_LT(started_ms_[0], 290);
  EXPECT_LT(started_ms_[1], 440);
  EXPECT_GT(started_ms_[1], started_ms_[0] + 100);
}

TEST_F(PlannerTest, JoinWithArgumentsIsTheResult) {
  ChatServer server({Stream("1. read(\"a\")\n2. read(\"b\")\n3. join($2)\n"), Finish("x")});
  Ask(server);
  EXPECT_EQ(report_.run.result, "read(b)");
  EXPECT_EQ(report_.run.calls.size(), 2u);
}

TEST_F(PlannerTest, ACorrectedLineIsEnough) {
  ChatServer server({Stream("1. write(\"a\")\n2. raed(\"b\")\n3. write(\"c $2\")\n4. join()\n"),
                     Stream("2. read(\"b\")"), Finish("x")});
  Ask(server);
  ASSERT_TRUE(report_.status.ok()) << report_.status;
  EXPECT_THAT(made_, ElementsAre("write(a)", "read(b)", "write(c read(b))"));
  EXPECT_THAT(server.last_message(1),
              AllOf(HasSubstr("plan:2:4: error"), HasSubstr("read"), Not(HasSubstr("{errors}"))));
}

TEST_F(PlannerTest, AWholeNewPlanRepeatsNothing) {
  ChatServer server({Stream("1. write(\"a\")\n2. write(b=\"b\")\n3. write(\"c\")\n4. join()\n"),
                     Stream("1. write(\"a\")\n2. write(\"c\")\n3. write(\"d $1\")\n4. join($3)\n"),
                     Finish("x")});
  Ask(server);
  ASSERT_TRUE(report_.status.ok()) << report_.status;
  EXPECT_THAT(made_, ElementsAre("write(a)", "write(c)", "write(d write(a))"));
  EXPECT_EQ(report_.run.result, "write(d write(a))");
}

// Writes to one resource keep their order also where the first must be corrected.
TEST_F(PlannerTest, WhatMustFollowABrokenCallWaits) {
  ChatServer server({Stream("1. put(\"a\", 1)\n2. take(\"b\")\n3. read(\"c\")\n4. join()\n"),
                     Stream("1. put(\"a\")"), Finish("x")});
  Ask(server);
  EXPECT_THAT(made_, ElementsAre("read(c)", "put(a)", "take(b)"));
}

TEST_F(PlannerTest, WhatStaysBrokenFailsAlone) {
  ChatServer server({Stream("1. read(\"a\")\n2. raed(\"b\")\n3. read(\"c $2\")\n4. join()\n"),
                     Stream("2. raed(\"b\")"), Finish("x")});
  Ask(server);
  ASSERT_TRUE(report_.status.ok()) << report_.status;
  EXPECT_THAT(statuses(), testing::UnorderedElementsAre("1 ok", "2 error", "3 skipped"));
  EXPECT_EQ(report_.run.status, RunReport::Status::kFailed);
  EXPECT_THAT(server.last_message(2), HasSubstr("failed: "));
}

TEST_F(PlannerTest, ReplansWithWhatIsKnown) {
  failing_ = {"bad"};
  ChatServer server(
      {Stream("1. read(\"a\")\n2. read(\"bad\")\n3. write(\"w\")\n4. put(\"p\")\n5. join()\n"),
       Replan("bad is missing"),
       Stream("6. read(\"a\")\n7. read(\"bad\")\n8. write(\"w\")\n9. put(\"p\")\n"
              "10. read(\"$1 and $6\")\n11. join()\n"),
       Finish("x")});
  Ask(server);
  ASSERT_TRUE(report_.status.ok()) << report_.status;
  EXPECT_EQ(report_.replans, 1);
  EXPECT_THAT(server.last_message(2), AllOf(HasSubstr("bad is missing"), HasSubstr("= \"read(a)\""),
                                            HasSubstr("failed: no bad"), HasSubstr("with ID 5")));
  // The read and the idempotent write are not made again; the failed read and the write are.
  EXPECT_THAT(made_,
              testing::UnorderedElementsAre("read(a)", "read(bad)", "write(w)", "put(p)",
                                            "read(bad)", "write(w)", "read(read(a) and read(a))"));
  EXPECT_EQ(report_.usage.prompt_tokens, 40);
}

// An idempotent write after another one of its resource changes something.
TEST_F(PlannerTest, AnIdempotentWriteIsMadeAgainWhereAnotherCameBetween) {
  ChatServer server({Stream("1. put(\"p\")\n2. take(\"p\")\n3. join()\n"), Replan("again"),
                     Stream("4. put(\"p\")\n5. join()\n"), Finish("x")});
  Ask(server);
  EXPECT_THAT(made_, ElementsAre("put(p)", "take(p)", "put(p)"));
}

TEST_F(PlannerTest, ReplansAreLimited) {
  ChatServer server({Stream("1. read(\"a\")\n2. join()\n"), Replan("more"),
                     Stream("2. read(\"b\")\n3. join()\n"), Replan("still more")});
  Ask(server, {.max_replans = 1});
  EXPECT_THAT(error(), AllOf(HasSubstr("--max-replans"), HasSubstr("still more")));
  EXPECT_EQ(ToJson(report_)["status"], "failed");
  EXPECT_EQ(
      server.request(3)["response_format"]["json_schema"]["schema"]["properties"]["action"]["enum"],
      Json::array({"finish"}));
}

TEST_F(PlannerTest, AJoinerThatWritesTextIsUnderstood) {
  ChatServer server(
      {Stream("1. join()"), Stream("Thought: easy (so I think)\nAction: Finish(f(x) = 2)")});
  Ask(server);
  EXPECT_EQ(report_.answer, "f(x) = 2");
}

TEST_F(PlannerTest, GarbageIsAskedAgainOnceAndThenAnError) {
  ChatServer plan({Stream("I cannot do that."), Stream("Really not.")});
  Ask(plan);
  EXPECT_THAT(error(), HasSubstr("Really not."));
}

TEST_F(PlannerTest, AJoinerThatDecidesNothingIsAnError) {
  ChatServer server({Stream("1. join()"), Stream("Hm."), Stream("Hm, hm.")});
  Ask(server);
  EXPECT_THAT(error(), HasSubstr("Hm, hm."));
}

TEST_F(PlannerTest, ABrokenStreamIsAnErrorAndCancelsWhatRuns) {
  ChatStep broken = Stream("1. slow(\"a\")\n2. slow(\"b\")\n");
  broken.pieces.pop_back();
  ChatServer server({broken});
  Ask(server);
  EXPECT_THAT(error(), HasSubstr("broke off"));
  EXPECT_THAT(statuses(), ElementsAre("1 cancelled", "2 cancelled"));
}

TEST_F(PlannerTest, CancelledWhileItRuns) {
  ChatServer server({Stream("1. read(\"a\")\n2. slow(\"b\")\n3. join()\n", milliseconds(30))});
  Begin(server);
  HEDDLE_RUN_UNTIL(loop(), made_.size() == 2);
  planner_->Cancel();
  HEDDLE_RUN_UNTIL(loop(), ended_);
  EXPECT_EQ(ToJson(report_)["status"], "cancelled");
  EXPECT_THAT(statuses(), ElementsAre("1 ok", "2 cancelled"));
}

TEST_F(PlannerTest, DestroyedWhileItRuns) {
  ChatServer server(
      {Stream("1. read(\"a\")\n2. slow(\"b\")\n3. join()\n", milliseconds(30)), Finish("x")});
  Begin(server);
  HEDDLE_RUN_UNTIL(loop(), made_.size() == 2);
  planner_.reset();
  EXPECT_FALSE(RunFor(loop(), milliseconds(200), [&] { return ended_; }));
}

TEST_F(PlannerTest, ATimeIsOfTheWholeQuestion) {
  ChatServer server({Stream("1. read(\"a\")\n2. join()\n", milliseconds(300))});
  PlannerOptions options;
  options.run.timeout = milliseconds(100);
  Ask(server, options);
  EXPECT_THAT(error(), HasSubstr("100 ms"));
}

}  // namespace
}  // namespace heddle
