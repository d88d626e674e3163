// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "run_testing.h"
#include "runtime/plan/critical_path.h"
#include "runtime/plan/dead_calls.h"
#include "runtime/plan/duplicates.h"
#include "runtime/plan/effect_order.h"
#include "runtime/plan/ready_queue.h"
#include "runtime/plan/retry_policy.h"

namespace heddle::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
constexpr auto kPure = ToolEffects::kPure, kRead = ToolEffects::kRead, kWrite = ToolEffects::kWrite;

TEST(EffectOrder, WritesKeepTheirOrderAndReadsStayBetweenThem) {
  EffectOrder order;
  EXPECT_THAT(order.Add(0, kRead, "a"), IsEmpty());
  EXPECT_THAT(order.Add(1, kRead, "a"), IsEmpty());
  EXPECT_THAT(order.Add(2, kWrite, "a"), ElementsAre(0, 1));
  EXPECT_THAT(order.Add(3, kWrite, "a"), ElementsAre(2));
  EXPECT_THAT(order.Add(4, kRead, "a"), ElementsAre(3));
  EXPECT_THAT(order.Add(5, kRead, "a"), ElementsAre(3));
  EXPECT_THAT(order.Add(6, kWrite, "b"), IsEmpty());
  EXPECT_THAT(order.Add(7, kPure, "a"), IsEmpty());
  EXPECT_THAT(order.Add(8, kWrite, "a"), ElementsAre(4, 5));
}

TEST(EffectOrder, WithoutAResourceThereIsNone) {
  EffectOrder order;
  EXPECT_THAT(order.Add(0, kWrite, ""), IsEmpty());
  EXPECT_THAT(order.Add(1, kWrite, ""), IsEmpty());
  EXPECT_THAT(order.Add(2, kRead, ""), IsEmpty());
}

TEST(Duplicates, CanonicalTextSortsMembersAndKeepsKinds) {
  auto text = [](const char* json) { return CanonicalText(*ParseJson(json, {})); };
  EXPECT_EQ(text(R"({"a": 1, "b": [{"d": 2, "c": 3}]})"),
            text(R"({"b": [{"c": 3, "d": 2}], "a": 1})"));
  EXPECT_NE(text(R"({"a": "1"})"), text(R"({"a": 1})"));
  EXPECT_NE(text("[[1], 2]"), text("[1, [2]]"));
  EXPECT_NE(text(R"(["a", "b"])"), text(R"(["a,b"])"));
}

TEST(Duplicates, ATemplateReadsAsItsValueAndItsReferencesThroughLeaders) {
  auto same = [](CallId id) { return id; };
  auto leader = [](CallId id) { return id == 2 ? CallId{1} : id; };
  EXPECT_EQ(CanonicalText(Value({{"q", 1}}), same), CanonicalText(Json{{"q", 1}}));
  EXPECT_EQ(CanonicalText(Ref(2, {"x"}), leader), CanonicalText(Ref(1, {"x"}), leader));
  EXPECT_NE(CanonicalText(Ref(2, {"x"}), same), CanonicalText(Ref(1, {"x"}), same));
  // A string that spells a reference is no reference, and a text with one is not the reference.
  EXPECT_NE(CanonicalText(Value("${1}"), same), CanonicalText(Ref(1), same));
  Template text{Template::Text{{Reference{1, {}, {}}}}, {}};
  EXPECT_NE(CanonicalText(text, same), CanonicalText(Ref(1), same));
  Template literal{Template::Text{{std::string("a"), std::string("b")}}, {}};
  EXPECT_EQ(CanonicalText(literal, same), CanonicalText(Json("ab")));
}

TEST(Duplicates, ReadsAreMergedWhereTheyFollowTheSameWrites) {
  Duplicates duplicates;
  EXPECT_EQ(duplicates.Add(0, "t", kRead, "{}", {}), std::nullopt);
  EXPECT_EQ(duplicates.Add(1, "t", kRead, "{}", {}), 0u);
  EXPECT_EQ(duplicates.Add(3, "t", kRead, "{}", {2}), std::nullopt);
  EXPECT_EQ(duplicates.Add(4, "t", kRead, "{}", {2}), 3u);
  EXPECT_EQ(duplicates.Add(5, "p", kPure, "{}", {2}), std::nullopt);
  EXPECT_EQ(duplicates.Add(6, "p", kPure, "{}", {}), 5u);
  EXPECT_EQ(duplicates.Add(7, "w", kWrite, "{}", {}), std::nullopt);
  EXPECT_EQ(duplicates.Add(8, "w", kWrite, "{}", {}), std::nullopt);
}

TEST(DeadCalls, OnlyPureOnesThatNothingNeeds) {
  // 0 feeds 1, which the join uses; 2 feeds 3, a write; 4 feeds 5, and nothing uses 5.
  std::vector<CallUses> calls = {{true, {}},   {true, {0}}, {true, {}},
                                 {false, {2}}, {true, {}},  {true, {4}}};
  EXPECT_THAT(FindDeadCalls(calls, {1}), ElementsAre(false, false, false, false, true, true));
}

TEST(CriticalPath, LongestWayAndPeak) {
  // 0 (10) -> 2 (5); 1 (3) -> 2; 3 (4) alone.
  std::vector<TimedCall> calls = {{10, {}}, {3, {}}, {5, {0, 1}}, {4, {}}};
  EXPECT_THAT(Urgencies(calls), ElementsAre(15, 8, 5, 4));
  IdealSchedule schedule = ScheduleIdeally(calls);
  EXPECT_EQ(schedule.makespan_ms, 15);
  EXPECT_THAT(schedule.critical_path, ElementsAre(0, 2));
  EXPECT_THAT(schedule.start_ms, ElementsAre(0, 0, 10, 0));
  EXPECT_EQ(schedule.peak_concurrency, 3u);
  EXPECT_EQ(ScheduleIdeally({}).peak_concurrency, 0u);
}

TEST(RetryPolicy, OnlyWhatMayHappenTwiceAndAsOftenAsTheToolSays) {
  ToolDescription tool = Describe("t", kRead);
  tool.retries = 2;
  tool.backoff = milliseconds(100);
  ToolError lost{"lost", true, {}};
  EXPECT_EQ(PauseBeforeRetry(tool, lost, 1, 1), milliseconds(100));
  EXPECT_EQ(PauseBeforeRetry(tool, lost, 1, 0), milliseconds(50));
  EXPECT_EQ(PauseBeforeRetry(tool, lost, 2, 1), milliseconds(200));
  EXPECT_EQ(PauseBeforeRetry(tool, lost, 3, 1), std::nullopt);
  EXPECT_EQ(PauseBeforeRetry(tool, {"no", false, {}}, 1, 1), std::nullopt);
  EXPECT_EQ(PauseBeforeRetry(tool, {"busy", true, milliseconds(700)}, 1, 1), milliseconds(700));
  EXPECT_EQ(PauseBeforeRetry(tool, {"busy", true, std::chrono::hours(9)}, 1, 1), std::nullopt);
  tool.effects = kWrite;
  EXPECT_EQ(PauseBeforeRetry(tool, lost, 1, 1), std::nullopt);
  tool.idempotent = true;
  EXPECT_NE(PauseBeforeRetry(tool, lost, 1, 1), std::nullopt);
}

TEST(RateLimit, ABurstOfOneSecondsWorthThenEvenly) {
  ReadyQueue queue(0);
  ToolDescription tool = Describe("t");
  tool.rate_per_second = 4;
  queue.AddTool(tool);
  for (uint32_t call = 0; call < 8; ++call) queue.Push(call, 0, 0);
  auto now = EventLoop::Clock::now();
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(queue.Pop(now));
  EXPECT_FALSE(queue.Pop(now));
  ASSERT_TRUE(queue.NextTime());
  EXPECT_EQ(*queue.NextTime() - now, milliseconds(250));
  EXPECT_FALSE(queue.Pop(now + milliseconds(249)));
  EXPECT_TRUE(queue.Pop(now + milliseconds(250)));
  EXPECT_FALSE(queue.Pop(now + milliseconds(251)));
  // A pause of a second makes room for a second's worth again, not for more.
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.Pop(now + std::chrono::seconds(5)));
  EXPECT_TRUE(queue.empty());
}

TEST(ReadyQueue, TheMostUrgentFirstWithinTheLimits) {
  ReadyQueue queue(2);
  ToolDescription narrow = Describe("narrow");
  narrow.max_parallel = 1;
  uint32_t a = queue.AddTool(narrow), b = queue.AddTool(Describe("wide"));
  queue.Push(0, a, 5);
  queue.Push(1, a, 9);
  queue.Push(2, b, 1);
  queue.Push(3, b, 2);
  auto pop = [&] { return queue.Pop()->calls.front(); };
  EXPECT_EQ(pop(), 1u);
  EXPECT_EQ(pop(), 3u);
  EXPECT_FALSE(queue.Pop());  // two are in flight
  queue.Release(b);
  EXPECT_EQ(pop(), 2u);  // 0 is more urgent, and its tool has no room
  queue.Release(a);
  EXPECT_EQ(pop(), 0u);
  EXPECT_TRUE(queue.empty());
}

TEST(ReadyQueue, Batches) {
  ReadyQueue queue(0);
  ToolDescription tool = Describe("t");
  tool.batch_size = 3;
  queue.AddTool(tool);
  EXPECT_TRUE(queue.SetHeld(0, true));
  EXPECT_FALSE(queue.SetHeld(0, true));
  for (uint32_t call = 0; call < 5; ++call) queue.Push(call, 0, 0);
  EXPECT_FALSE(queue.Pop());
  queue.SetHeld(0, false);
  EXPECT_THAT(queue.Pop()->calls, ElementsAre(0, 1, 2));
  EXPECT_THAT(queue.Pop()->calls, ElementsAre(3, 4));
}

}  // namespace
}  // namespace heddle::testing
