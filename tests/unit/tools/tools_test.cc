// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tools of every kind against real processes, servers and threads.

#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>
#include <stdexcept>
#include <thread>

#include "runtime/tools/function_tool.h"
#include "runtime/tools/http_tool.h"
#include "runtime/tools/retry_after.h"
#include "runtime/tools/tool_makers.h"
#include "tests/unit/tools/http_server.h"
#include "tests/unit/tools/loop_testing.h"

namespace heddle {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

class ToolsTest : public LoopTest {
 protected:
  Tool* Make(const std::string& run, const std::string& more = "") {
    const auto file = ParseToolsFile(
        R"({"tools":[{"name":"t","inputSchema":{},"run":)" + run + more + "}]}", "f", nullptr);
    EXPECT_TRUE(file.ok()) << file.status();
    registry_ = std::make_unique<ToolRegistry>();
    EXPECT_TRUE(AddTools(*file, host_, *registry_).ok());
    return registry_->Find("t");
  }
  Tool* Shell(const std::string& script, const std::string& more = "") {
    return Make(ToText({{"command", {"sh", "-c", script}}}), more);
  }
  ToolOutcome Call(Tool* tool, Json arguments, const ToolCallOptions& options = {}) {
    std::optional<ToolOutcome> outcome;
    const auto call = tool->StartCall(std::move(arguments), options,
                                      [&](ToolOutcome got) { outcome = std::move(got); });
    if (!RunFor(loop(), milliseconds(20'000), [&] { return outcome.has_value(); })) {
      return Failure("the test waited 20 s");
    }
    return *std::move(outcome);
  }
  Json Result(Tool* tool, Json arguments = Json::object()) {
    const ToolOutcome outcome = Call(tool, std::move(arguments));
    const auto* error = std::get_if<ToolError>(&outcome);
    return error ? Json("error: " + error->message) : std::get<Json>(outcome);
  }
  ToolError Error(Tool* tool, Json arguments = Json::object()) {
    const ToolOutcome outcome = Call(tool, std::move(arguments));
    const auto* error = std::get_if<ToolError>(&outcome);
    return error ? *error : Failure("no error: " + ToText(std::get<Json>(outcome)));
  }

  static ToolError Failure(std::string message) {
    ToolError error;
    error.message = std::move(message);
    return error;
  }

  ToolHost host_{loop()};
  std::unique_ptr<ToolRegistry> registry_;
};

TEST_F(ToolsTest, CommandsTakeJsonAndGiveJsonOrText) {
  EXPECT_EQ(Result(Make(R"({"command":["cat"]})"), {{"b", 1}, {"a", "\n$1"}}),
            Json({{"b", 1}, {"a", "\n$1"}}));
  EXPECT_EQ(Result(Shell("read line; echo \"got $line\"; echo")), "got {}");
  EXPECT_EQ(Result(Shell("echo 42")), 42);
  EXPECT_EQ(Result(Shell(":")), "");
}

TEST_F(ToolsTest, CommandsFailWithWhatTheySay) {
  EXPECT_EQ(Error(Shell("echo out; echo 'no such city' >&2; exit 2")).message, "no such city");
  EXPECT_EQ(Error(Shell("exit 3")).message, "'sh': exit code 3");
  EXPECT_EQ(Error(Shell("kill -9 $$")).message, "'sh': killed by signal 9 (Killed)");
  const ToolError missing = Error(Make(R"({"command":["no-such-program"]})"));
  EXPECT_THAT(missing.message, HasSubstr("cannot start 'no-such-program'"));
  EXPECT_FALSE(missing.may_retry);
  // The end of a long message, where the reason is.
  const std::string message =
      Error(Shell("i=0; while [ $i -lt 3000 ]; do echo \"line $i\" >&2; i=$((i+1)); done; exit 1"))
          .message;
  EXPECT_LT(message.size(), 5000u);
  EXPECT_TRUE(message.ends_with("line 2999"));
}

TEST_F(ToolsTest, ACommandThatWritesWithoutEndIsStopped) {
  EXPECT_THAT(Error(Make(R"({"command":["yes"]})")).message,
              HasSubstr("'yes' wrote more than 64 MB"));
}

TEST_F(ToolsTest, CancellingACommandKillsWhatItStarted) {
  const std::string file = testing::TempDir() + "/pid_" + std::to_string(getpid());
  Tool* tool = Shell("sleep 1000 & echo $! > " + file + "; wait");
  auto call = tool->StartCall(Json::object(), {}, [](ToolOutcome) { FAIL(); });
  int grandchild = 0;
  for (int i = 0; i < 500 && grandchild == 0; ++i) {
    RunFor(loop(), milliseconds(10), [] { return false; });
    std::ifstream(file) >> grandchild;
  }
  ASSERT_GT(grandchild, 0);
  call.reset();
  const auto running = [&] {
    std::string stat;
    std::getline(std::ifstream("/proc/" + std::to_string(grandchild) + "/stat"), stat);
    return !stat.empty() && stat.find(") Z ") == std::string::npos;
  };
  for (int i = 0; i < 500 && running(); ++i) RunFor(loop(), milliseconds(10), [] { return false; });
  EXPECT_FALSE(running());
  unlink(file.c_str());
}

TEST_F(ToolsTest, CallsBeyondWhatTheProcessCanHoldWait) {
  Tool* tool = Make(R"({"command":["cat"]})");
  std::vector<std::unique_ptr<Slots::Ticket>> others;
  for (int i = host_.processes.free(); i > 2; --i) others.push_back(host_.processes.Acquire([] {}));
  HEDDLE_RUN_UNTIL(loop(), host_.processes.free() == 2);
  std::vector<std::unique_ptr<ToolCall>> calls;
  int ended = 0;
  for (int i = 0; i < 20; ++i) {
    calls.push_back(tool->StartCall({{"i", i}}, {}, [&, i](ToolOutcome outcome) {
      EXPECT_EQ(std::get<Json>(outcome)["i"], i);
      ++ended;
    }));
  }
  calls[3].reset();  // one that waits
  HEDDLE_RUN_UNTIL(loop(), ended == 19);
}

TEST_F(ToolsTest, BatchesHaveAsManyResultsAsCalls) {
  const std::string batch = R"(,"heddle":{"batch":{"maxSize":4}})";
  const Json calls = {{{"x", 1}}, {{"x", 2}}};
  EXPECT_EQ(Result(Make(R"({"command":["cat"]})", batch), calls), calls);
  EXPECT_EQ(Error(Shell("echo '[1]'", batch), calls).message,
            "a batch of 2 calls must give a list of as many results, not 1");
  EXPECT_EQ(Error(Shell("echo hello", batch), calls).message,
            "a batch of 2 calls must give a list of as many results, not string");
}

TEST_F(ToolsTest, HttpSendsABodyAndTheTrace) {
  HttpServer server([](const HttpServer::Request& request, HttpServer::Connection& connection) {
    connection.Respond(200, ToText({{"method", request.method},
                                    {"type", request.headers.at("content-type")},
                                    {"key", request.headers.at("x-key")},
                                    {"trace", request.headers.at("traceparent")},
                                    {"body", request.body}}));
  });
  Tool* tool = Make(ToText({{"http", {{"url", server.url()}, {"headers", {{"X-Key", "k"}}}}}}));
  ToolCallOptions options;
  options.traceparent = "00-1-2-01";
  EXPECT_EQ(std::get<Json>(Call(tool, {{"q", "a b"}}, options)),
            Json({{"method", "POST"},
                  {"type", "application/json"},
                  {"key", "k"},
                  {"trace", "00-1-2-01"},
                  {"body", R"({"q":"a b"})"}}));
}

TEST_F(ToolsTest, HttpGetHasTheArgumentsInTheQuery) {
  HttpServer server([](const HttpServer::Request& request, HttpServer::Connection& connection) {
    connection.Respond(200, request.path + request.body);
  });
  Tool* tool = Make(ToText({{"http", {{"url", server.url() + "/s?k=1"}, {"method", "GET"}}}}));
  EXPECT_EQ(Result(tool, {{"q", "a&b é"}, {"n", 5}, {"l", {1, 2}}}),
            "/s?k=1&q=a%26b%20%C3%A9&n=5&l=%5B1%2C2%5D");
}

TEST_F(ToolsTest, HttpStatusesAreErrors) {
  HttpServer server([](const HttpServer::Request& request, HttpServer::Connection& connection) {
    const int status = std::stoi(request.path.substr(1));
    connection.Respond(status, "because",
                       status == 429 ? "Retry-After: 7\r\n" : "Location: /x\r\n");
  });
  const auto error = [&](const std::string& path) {
    return Error(Make(ToText({{"http", {{"url", server.url() + path}}}})));
  };
  EXPECT_EQ(error("/404").message, "HTTP status 404: because");
  EXPECT_FALSE(error("/404").may_retry);
  EXPECT_TRUE(error("/503").may_retry);
  EXPECT_EQ(error("/503").retry_after, std::nullopt);
  EXPECT_TRUE(error("/429").may_retry);
  EXPECT_EQ(error("/429").retry_after, milliseconds(7000));
  EXPECT_THAT(error("/302").message, HasSubstr("redirects are not followed"));
  EXPECT_TRUE(Error(Make(R"({"http":{"url":"http://127.0.0.1:1"}})")).may_retry);
}

TEST(RetryAfterTest, SecondsAndDates) {
  constexpr int64_t now = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT
  EXPECT_EQ(ParseRetryAfter("120", now), std::chrono::seconds(120));
  EXPECT_EQ(ParseRetryAfter(" 0 ", now), std::chrono::seconds(0));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:50:07 GMT", now), std::chrono::seconds(30));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:00:00 GMT", now), std::chrono::seconds(0));
  EXPECT_EQ(ParseRetryAfter("999999999999999999999999", now), std::chrono::hours(24));
  EXPECT_EQ(ParseRetryAfter("soon", now), std::nullopt);
  EXPECT_EQ(ParseRetryAfter("-5", now), std::nullopt);
  EXPECT_EQ(ParseRetryAfter("", now), std::nullopt);
}

TEST_F(ToolsTest, FunctionsRunBesideTheLoop) {
  const auto here = std::this_thread::get_id();
  const auto tool = MakeFunctionTool({}, host_.threads, [&](const Json& arguments) -> ToolOutcome {
    EXPECT_NE(std::this_thread::get_id(), here);
    return Json(arguments["a"].get<int>() + 1);
  });
  EXPECT_EQ(Result(tool.get(), {{"a", 1}}), 2);
  const auto thrower = MakeFunctionTool(
      {}, host_.threads, [](const Json&) -> ToolOutcome { throw std::runtime_error("it broke"); });
  EXPECT_EQ(Error(thrower.get()).message, "it broke");
  const auto wrong = MakeFunctionTool(
      {}, host_.threads, [](const Json& a) -> ToolOutcome { return Json(a.at("b").get<int>()); });
  EXPECT_THAT(Error(wrong.get()).message, HasSubstr("'b' not found"));
}

TEST_F(ToolsTest, FunctionsThatBlockDoNotBlockEachOther) {
  const auto tool = MakeFunctionTool({}, host_.threads, [](const Json&) -> ToolOutcome {
    std::this_thread::sleep_for(milliseconds(100));
    return Json(1);
  });
  int ended = 0;
  std::vector<std::unique_ptr<ToolCall>> calls;
  const auto start = EventLoop::Clock::now();
  for (int i = 0; i < 32; ++i) {
    calls.push_back(tool->StartCall(Json::object(), {}, [&](ToolOutcome) { ++ended; }));
  }
  calls.pop_back();  // cancelled, begun or not
  HEDDLE_RUN_UNTIL(loop(), ended == 31);
  EXPECT_LT(MsSince(start), 1500);
}

TEST_F(ToolsTest, AsynchronousFunctionsEndFromAnyThreadOnce) {
  std::vector<std::thread> threads;
  const auto tool = MakeAsyncFunctionTool(
      {}, loop(), [&](Json arguments, const ToolCallOptions&, Tool::Done done) {
        threads.emplace_back([done, arguments] {
          done(arguments);
          done(Json("again"));
        });
        return nullptr;
      });
  EXPECT_EQ(Result(tool.get(), {{"x", 1}}), Json({{"x", 1}}));
  for (std::thread& thread : threads) thread.join();
  RunFor(loop(), milliseconds(20), [] { return false; });  // where a second end would arrive
}

TEST_F(ToolsTest, AnAsynchronousFunctionMayEndAtOnceThrowOrComeTooLate) {
  Tool::Done kept;
  bool destroyed = false;
  struct OfFunction : ToolCall {
    explicit OfFunction(bool& flag) : flag(flag) {}
    ~OfFunction() override { flag = true; }
    bool& flag;
  };
  const auto tool = MakeAsyncFunctionTool(
      {}, loop(),
      [&](Json arguments, const ToolCallOptions&, Tool::Done done) -> std::unique_ptr<ToolCall> {
        if (arguments.contains("throw")) throw std::runtime_error("no");
        if (!arguments.contains("late")) done(Json("now"));
        kept = done;
        return std::make_unique<OfFunction>(destroyed);
      });
  EXPECT_EQ(Result(tool.get()), "now");
  EXPECT_TRUE(destroyed);
  EXPECT_EQ(Error(tool.get(), {{"throw", 1}}).message, "no");
  destroyed = false;
  auto call = tool->StartCall({{"late", 1}}, {}, [](ToolOutcome) { FAIL(); });
  call.reset();
  EXPECT_TRUE(destroyed);
  kept(Json("late"));
  RunFor(loop(), milliseconds(20), [] { return false; });
}

TEST_F(ToolsTest, TenThousandSleepsAtOnce) {
  const auto tool = MakeAsyncFunctionTool(
      {}, loop(), [&](Json, const ToolCallOptions&, Tool::Done done) -> std::unique_ptr<ToolCall> {
        struct Sleep : ToolCall {
          EventLoop::Timer timer;
        };
        auto sleep = std::make_unique<Sleep>();
        sleep->timer = loop().After(milliseconds(200), [done] { done(Json(true)); });
        return sleep;
      });
  int ended = 0;
  std::vector<std::unique_ptr<ToolCall>> calls;
  const auto start = EventLoop::Clock::now();
  for (int i = 0; i < 10'000; ++i) {
    calls.push_back(tool->StartCall({{"i", i}}, {}, [&](ToolOutcome) { ++ended; }));
  }
  HEDDLE_RUN_UNTIL(loop(), ended == 10'000);
  EXPECT_LT(MsSince(start), 1200);
}

}  // namespace
}  // namespace heddle
