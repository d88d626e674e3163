// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a program that embeds plans sees of one runner: results, failures, streams, events.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "plan_api_testing.h"

namespace heddle::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Status = PlanReport::Status;

TEST(PlanRunner, CallsFunctions) {
  PlanRunner runner;
  ASSERT_EQ(runner.AddFunction(Reading("echo"), Echo), "");
  const PlanReport report = runner.Run("1. echo(\"Lyon\")\n2. echo($1.value)\n3. join($2)");
  EXPECT_TRUE(report.ok()) << report.diagnostics;
  EXPECT_EQ(report.result, R"({"value":"Lyon"})");
  EXPECT_THAT(report.json, HasSubstr("\"makespan_ms\""));
}

TEST(PlanRunner, ARunKnowsWhatToolsTookInEarlierOnes) {
  PlanRunner runner;
  std::string order;
  auto add = [&](const std::string& name, std::chrono::milliseconds takes) {
    return runner.AddFunction(Reading(name), [&order, name, takes](std::string_view arguments) {
      order += name;
      std::this_thread::sleep_for(takes);
      return ToolResult::Json(std::string(arguments));
    });
  };
  ASSERT_EQ(add("a", std::chrono::milliseconds(0)), "");
  ASSERT_EQ(add("b", std::chrono::milliseconds(20)), "");
  PlanOptions one_at_a_time;
  one_at_a_time.max_parallel = 1;
  for (const char* value : {"1", "2"}) {
    const std::string call = std::string("(") + value + ")\n";
    EXPECT_TRUE(runner.Run("1. a" + call + "2. b" + call + "3. join()", one_at_a_time).ok());
  }
  EXPECT_EQ(order, "abba");  // what takes longer begins first, once that is known
}

TEST(PlanRunner, WhatIsNoJsonIsText) {
  PlanRunner runner;
  ASSERT_EQ(runner.AddFunction(Reading("say"),
                               [](std::string_view) { return ToolResult::Json("no \"JSON"); }),
            "");
  EXPECT_EQ(runner.Run("1. say()\n2. join($1)").result, R"("no \"JSON")");
}

TEST(PlanRunner, CompletesAsyncFunctionsFromAnotherThread) {
  PlanRunner runner;
  std::thread other;
  ASSERT_EQ(runner.AddAsyncFunction(Reading("later"),
                                    [&](std::string arguments, PlanRunner::Completion done) {
                                      other = std::thread([arguments, done = std::move(done)] {
                                        done(ToolResult::Json(arguments));
                                        done(ToolResult::Json("only the first counts"));
                                      });
                                    }),
            "");
  EXPECT_EQ(runner.Run("1. later(7)\n2. join($1)").result, R"({"value":7})");
  other.join();
}

TEST(PlanRunner, FailuresAndExceptionsAreObservations) {
  PlanRunner runner;
  ASSERT_EQ(runner.AddFunction(Reading("fails"),
                               [](std::string_view) { return ToolResult::Failed("no luck"); }),
            "");
  ASSERT_EQ(runner.AddFunction(
                Reading("throws"),
                [](std::string_view) -> ToolResult { throw std::runtime_error("thrown"); }),
            "");
  ASSERT_EQ(runner.AddFunction(Reading("odd"), [](std::string_view) -> ToolResult { throw 7; }),
            "");
  ASSERT_EQ(runner.AddAsyncFunction(Reading("async"),
                                    [](std::string, PlanRunner::Completion) {
                                      throw std::runtime_error("thrown at once");
                                    }),
            "");
  ASSERT_EQ(runner.AddFunction(Reading("nothing"), nullptr), "");
  const PlanReport report = runner.Run(
      "1. fails()\n2. throws()\n3. odd()\n4. async()\n5. nothing()\n6. join($1, $2, $3, $4, $5)");
  EXPECT_EQ(report.status, Status::kFailed);
  for (const char* text : {"no luck", "\"thrown\"", "no std::exception", "thrown at once"}) {
    EXPECT_THAT(report.result, HasSubstr(text));
  }
}

TEST(PlanRunner, WrongToolsAndPlansAreRefused) {
  PlanRunner runner;
  EXPECT_NE(runner.AddFunction("{", Echo), "");
  ASSERT_EQ(runner.AddFunction(Reading("echo"), Echo), "");
  EXPECT_THAT(runner.AddFunction(Reading("echo"), Echo), HasSubstr("echo"));
  EXPECT_THAT(runner.AddToolsFile("/nonexistent/tools.json"), HasSubstr("/nonexistent/tools.json"));
  const PlanReport report = runner.Run("1. eco(1)\n2. echo($9)\n3. join()");
  EXPECT_EQ(report.status, Status::kRefused);
  EXPECT_THAT(report.diagnostics, HasSubstr("plan:1:4: error"));
  EXPECT_THAT(report.diagnostics, HasSubstr("plan:2:"));
}

TEST(PlanRunner, TellsWhatHappens) {
  PlanRunner runner;
  ASSERT_EQ(runner.AddFunction(Reading("echo"), Echo), "");
  ASSERT_EQ(runner.AddFunction(Reading("fails"),
                               [](std::string_view) { return ToolResult::Failed("no luck"); }),
            "");
  PlanOptions options;
  std::vector<std::pair<int64_t, CallState>> events;
  options.on_event = [&](const CallEvent& event) { events.emplace_back(event.id, event.state); };
  runner.Run("1. fails()\n2. echo($1)\n3. join()", options);
  EXPECT_THAT(events,
              ElementsAre(std::pair(1, CallState::kStarted), std::pair(1, CallState::kError),
                          std::pair(2, CallState::kSkipped)));
}

TEST(PlanRunner, AsksForApproval) {
  PlanRunner runner;
  ASSERT_EQ(runner.AddFunction(Description("pay", R"("approval": true)"), Echo), "");
  const char* plan = "1. pay(10)\n2. pay(20)\n3. join($1, $2)";
  EXPECT_EQ(runner.Run(plan).status, Status::kFailed);  // nobody to ask
  PlanOptions options;
  std::string asked;
  options.approve = [&](int64_t id, const std::string& tool, const std::string& arguments) {
    asked += tool + arguments;
    return id == 1;
  };
  const PlanReport report = runner.Run(plan, options);
  EXPECT_EQ(asked, R"(pay{"value":10}pay{"value":20})");
  EXPECT_EQ(report.status, Status::kFailed);
  EXPECT_THAT(report.result, HasSubstr(R"([{"value":10},{"error")"));
}

TEST(PlanRunner, RecordsWhatItDid) {
  const std::string path = std::filesystem::temp_directory_path() /
                           ("heddle_plan_api_" + std::to_string(getpid()) + ".journal");
  PlanOptions options;
  options.journal = path;
  PlanRunner runner;
  ASSERT_EQ(runner.AddFunction(Writing("append"), Echo), "");
  EXPECT_TRUE(runner.Run("1. append(1)\n2. append(2)\n3. join($1)", options).ok());
  EXPECT_TRUE(std::filesystem::exists(path));
  std::filesystem::remove(path);
  // A plan that cannot be recorded does not run.
  options.journal = "/nonexistent/journal";
  EXPECT_EQ(runner.Run("1. append(1)\n2. join($1)", options).status, Status::kRefused);
  PlanStream stream = runner.Start(options);
  stream.Feed("1. append(1)\n2. join($1)\n");
  EXPECT_EQ(stream.Finish().status, Status::kRefused);
}

TEST(PlanRunner, StopsWhenTimeIsOver) {
  Completions never;
  PlanRunner runner;
  ASSERT_EQ(runner.AddAsyncFunction(Reading("never"), never.function()), "");
  PlanOptions options;
  options.timeout = std::chrono::milliseconds(20);
  const PlanReport report = runner.Run("1. never()\n2. join($1)", options);
  EXPECT_EQ(report.status, Status::kFailed);
  EXPECT_THAT(report.result, HasSubstr("20 ms"));
}

TEST(PlanStream, StartsCallsWhileTextArrives) {
  Completions completions;
  PlanRunner runner;
  ASSERT_EQ(runner.AddAsyncFunction(Reading("later"), completions.function()), "");
  PlanStream stream = runner.Start();
  stream.Feed("1. later(\"a\")\n2. lat");
  completions.Wait(1);  // the rest of the text is not there yet
  stream.Feed("er($1)\n3. join($2)\n");
  std::thread other([&] {
    for (int ended = 0; ended < 2;) {
      for (PlanRunner::Completion& done : completions.Take()) {
        done(ToolResult::Json("42"));
        ++ended;
      }
      std::this_thread::yield();
    }
  });
  const PlanReport report = stream.Finish();
  other.join();
  EXPECT_TRUE(report.ok()) << report.diagnostics;
  EXPECT_EQ(report.result, "42");
}

TEST(PlanStream, AWrongCallFailsAlone) {
  PlanRunner runner;
  ASSERT_EQ(runner.AddFunction(Reading("echo"), Echo), "");
  PlanStream stream = runner.Start();
  stream.Feed("1. echo(1)\n2. eco(2)\n3. join($1)\n");
  const PlanReport report = stream.Finish();
  EXPECT_EQ(report.result, R"({"value":1})");
  EXPECT_THAT(report.diagnostics, HasSubstr("plan:2:"));
}

TEST(PlanStream, FinishesOnce) {
  PlanRunner runner;
  ASSERT_EQ(runner.AddFunction(Reading("echo"), Echo), "");
  PlanStream stream = runner.Start();
  stream.Feed("1. echo(1)\n2. join($1)\n");
  EXPECT_TRUE(stream.Finish().ok());
  stream.Feed("3. echo(2)\n");
  EXPECT_THAT(stream.Finish().diagnostics, HasSubstr("before"));
}

TEST(PlanStream, CancelEndsWhatIsInFlight) {
  Completions never;
  PlanRunner runner;
  ASSERT_EQ(runner.AddAsyncFunction(Reading("never"), never.function()), "");
  PlanStream stream = runner.Start();
  stream.Feed("1. never()\n2. never($1)\n3. join($2)\n");
  never.Wait(1);
  stream.Cancel();
  EXPECT_EQ(stream.Finish().status, Status::kCancelled);
}

}  // namespace
}  // namespace heddle::api
