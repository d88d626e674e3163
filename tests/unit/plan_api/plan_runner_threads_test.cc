// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Several threads use one runner, and runners and streams end while calls are in flight. What can
// go wrong here the thread sanitizer sees.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <stdexcept>

#include "plan_api_testing.h"

namespace heddle::api {
namespace {

using ::testing::HasSubstr;

TEST(PlanRunnerThreads, SeveralRunsAtOnce) {
  PlanRunner runner;
  std::atomic<int> calls = 0;
  ASSERT_EQ(runner.AddFunction(Reading("echo"),
                               [&](std::string_view arguments) {
                                 ++calls;
                                 return Echo(arguments);
                               }),
            "");
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int run = 0; run < 20; ++run) {
        const std::string value = std::to_string(thread * 1000 + run);
        const std::string plan = "1. echo(" + value + ")\n2. echo($1.value)\n3. join($2.value)\n";
        if (run % 2) {
          good += runner.Run(plan).result == value;
          continue;
        }
        PlanStream stream = runner.Start();
        for (char letter : plan) stream.Feed({&letter, 1});
        good += stream.Finish().result == value;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 80);
  // An equal call of the same run is made once.
  EXPECT_EQ(calls, 80);
}

// The loop's thread lets go of a run after its caller has heard of the end (here later, as it has a
// long plan to let go of); it must not be the one that ends the runner then.
TEST(PlanRunnerThreads, ARunnerMayEndRightAfterItsRun) {
  std::string wrong;
  for (int id = 1; id <= 2000; ++id) {
    wrong += std::to_string(id) + ". echo([1, [2, [\"a text\"]], " + std::to_string(id) + "])\n";
  }
  wrong += "2001. nothing()\n2002. join()\n";
  for (int round = 0; round < 6; ++round) {
    PlanRunner runner;
    ASSERT_EQ(runner.AddFunction(Reading("echo"), Echo), "");
    const char* right = "1. echo(1)\n2. join($1)";
    if (round % 2) {
      ASSERT_TRUE(runner.Run(right).ok());
    } else {
      ASSERT_EQ(runner.Run(wrong).status, PlanReport::Status::kRefused);
    }
  }
}

TEST(PlanRunnerThreads, EndsWhileCallsAreInFlight) {
  for (int round = 0; round < 20; ++round) {
    Completions kept;
    std::vector<PlanRunner::Completion> late;
    std::atomic<bool> began = false;
    {
      PlanRunner runner;
      ASSERT_EQ(runner.AddAsyncFunction(Reading("never"), kept.function()), "");
      ASSERT_EQ(runner.AddFunction(Reading("slow"),
                                   [&](std::string_view arguments) {
                                     began = true;
                                     std::this_thread::sleep_for(std::chrono::milliseconds(5));
                                     return Echo(arguments);
                                   }),
                "");
      PlanStream stream = runner.Start();
      stream.Feed("1. never(1)\n2. never(2)\n3. slow(1)\n4. slow(2)\n5. slow(3)\n");
      kept.Wait(2);
      while (!began) std::this_thread::yield();
      late = kept.Take();
      late[0](ToolResult::Json("1"));  // on its way while everything ends
    }
    late[1](ToolResult::Json("2"));  // and to a runner that is gone
  }
}

TEST(PlanRunnerThreads, CancelFromAnotherThread) {
  PlanRunner runner;
  ASSERT_EQ(runner.AddFunction(Reading("slow"),
                               [](std::string_view arguments) {
                                 std::this_thread::sleep_for(std::chrono::milliseconds(1));
                                 return Echo(arguments);
                               }),
            "");
  for (int round = 0; round < 20; ++round) {
    PlanStream stream = runner.Start();
    std::thread other([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(200 * round));
      stream.Cancel();
    });
    for (int id = 1; id < 20; ++id) {
      stream.Feed(std::to_string(id) + ". slow(" + std::to_string(id) + ")\n");
    }
    stream.Feed("20. join()\n");
    const PlanReport report = stream.Finish();
    other.join();
    EXPECT_NE(report.status, PlanReport::Status::kRefused) << report.diagnostics;
  }
}

// Waiting there for a plan would wait for ever; what only the thread itself does is no wait.
TEST(PlanRunnerThreads, ItsOwnThreadWaitsForNothing) {
  PlanRunner runner;
  ASSERT_EQ(runner.AddFunction(Reading("echo"), Echo), "");
  PlanOptions options;
  std::string added = "not called", refused;
  options.on_event = [&](const CallEvent& event) {
    if (event.state != CallState::kStarted) return;
    added = runner.AddFunction(Reading("more"), Echo);
    refused = runner.Run("1. echo(1)\n2. join($1)").diagnostics;
  };
  EXPECT_TRUE(runner.Run("1. echo(1)\n2. join($1)", options).ok());
  EXPECT_EQ(added, "");
  EXPECT_THAT(refused, HasSubstr("own thread"));
  EXPECT_TRUE(runner.Run("1. more(1)\n2. join($1)").ok());
}

TEST(PlanRunnerThreads, WithoutDescriptorsThereIsNoRunner) {
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  std::string message;
  try {
    PlanRunner runner;
  } catch (const std::runtime_error& error) {
    message = error.what();
  }
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_THAT(message, HasSubstr("event loop"));
}

}  // namespace
}  // namespace heddle::api
