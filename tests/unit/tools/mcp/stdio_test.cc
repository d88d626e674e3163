// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The MCP client and a server that does what no server should do, over standard streams.

#include <sys/stat.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "tests/unit/tools/mcp/mcp_testing.h"

namespace heddle {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

class McpStdioTest : public McpTest {
 protected:
  static McpServerOptions Server(std::vector<std::string> flags = {}) {
    McpServerOptions options;
    options.command = {"python3", HEDDLE_SCRIPTED_MCP_SERVER};
    options.command.insert(options.command.end(), flags.begin(), flags.end());
    return options;
  }
};

// Both revisions do the same.
class McpRevisionTest : public McpStdioTest, public testing::WithParamInterface<bool> {
 protected:
  static McpServerOptions Server(std::vector<std::string> flags = {}) {
    if (GetParam()) flags.push_back("stateless");
    return McpStdioTest::Server(std::move(flags));
  }
};
INSTANTIATE_TEST_SUITE_P(, McpRevisionTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Stateless" : "Handshake"; });

TEST_P(McpRevisionTest, ListsAllPagesAndCalls) {
  ASSERT_TRUE(Load(Server({"noisy"})).ok());
  EXPECT_EQ(tools.size(), 17u);
  EXPECT_THAT(warnings, Contains(AllOf(HasSubstr("shapeless"), HasSubstr("inputSchema"))));
  EXPECT_EQ(Call("echo", {{"text", "$1 and ${2}\n"}}), "$1 and ${2}\n");
  EXPECT_EQ(Call("structured", Json::object()), Json({{"n", 1}}));
  EXPECT_EQ(Call("unstructured", {{"text", "{\"n\": 2}"}}), Json({{"n", 2}}));
  EXPECT_THAT(Call("unstructured", {{"text", "words"}}), IsError("outputSchema"));
  EXPECT_THAT(Call("fails", Json::object()), IsError("no such\ncity"));
  const Json exotic = Call("exotic", Json::object());
  EXPECT_EQ(exotic[0], "a\nb");
  EXPECT_EQ(exotic[1]["mimeType"], "image/png");
}

TEST_P(McpRevisionTest, AnswersInAnyOrderFindTheirCalls) {
  ASSERT_TRUE(Load(Server()).ok());
  std::vector<std::unique_ptr<Running>> calls;
  for (int i = 0; i < 50; ++i) calls.push_back(Start("last", {{"of", 50}}));
  int64_t before = 0;
  for (auto& call : calls) {
    const int64_t id = std::stoll(Wait(*call).get<std::string>());
    EXPECT_GT(id, before);
    before = id;
  }
}

TEST_P(McpRevisionTest, AServerThatEndsFailsItsCallsAndIsStartedOnceMore) {
  ASSERT_TRUE(Load(Server()).ok());
  auto waiting = Start("stall", Json::object());
  EXPECT_THAT(
      Call("die", Json::object()),
      AllOf(IsError("exit code 3"), IsError("nothing works any more"), IsError("\"test\"")));
  EXPECT_THAT(Wait(*waiting), IsError("exit code 3"));
  EXPECT_TRUE(std::get<ToolError>(*waiting->outcome).may_retry);
  EXPECT_EQ(Call("echo", {{"text", "again"}}), "again");
  EXPECT_THAT(Call("die", Json::object()), IsError("exit code 3"));
  EXPECT_THAT(Call("echo", {{"text", "never"}}), IsError("not started again"));
}

TEST_P(McpRevisionTest, BrokenMessagesFailCallsAndNothingElse) {
  ASSERT_TRUE(Load(Server()).ok());
  EXPECT_THAT(Call("empty", Json::object()), IsError("neither a result nor an error"));
  EXPECT_EQ(Call("duplicate", Json::object()), "first");
  EXPECT_EQ(Call("echo", {{"text", "still there"}}), "still there");
  EXPECT_THAT(Call("broken", Json::object()), IsError("broken message"));
}

TEST_P(McpRevisionTest, ALineWithoutEndIsCutOff) {
  ASSERT_TRUE(Load(Server()).ok());
  EXPECT_THAT(Call("long", Json::object()), IsError("too long"));
}

TEST_P(McpRevisionTest, ProgressReachesItsCall) {
  ASSERT_TRUE(Load(Server()).ok());
  std::vector<std::pair<double, std::string>> steps;
  ToolCallOptions options;
  options.on_progress = [&](double progress, const std::string& message) {
    steps.emplace_back(progress, message);
  };
  EXPECT_EQ(Call("count", Json::object(), options), "counted");
  EXPECT_THAT(steps,
              testing::ElementsAre(testing::Pair(0.25, "step 1"), testing::Pair(0.5, "step 2")));
}

TEST_P(McpRevisionTest, ACallMayEndInItsOwnProgress) {
  ASSERT_TRUE(Load(Server()).ok());
  std::unique_ptr<Running> running;
  int steps = 0;
  ToolCallOptions options;
  options.on_progress = [&](double, const std::string&) {
    ++steps;
    running->call.reset();
  };
  running = Start("count", Json::object(), options);
  EXPECT_EQ(Call("echo", {{"text", "x"}}), "x");
  EXPECT_EQ(steps, 1);
  EXPECT_FALSE(running->outcome.has_value());
}

TEST_P(McpRevisionTest, CancellingTellsTheServer) {
  ASSERT_TRUE(Load(Server()).ok());
  auto stalled = Start("stall", Json::object());
  EXPECT_EQ(Call("echo", {{"text", "x"}}), "x");
  stalled->call.reset();
  const Json cancelled =
      ParseJson(Call("stall", {{"report", true}}).get<std::string>(), {}).value();
  EXPECT_EQ(cancelled.size(), 1u);
  EXPECT_FALSE(stalled->outcome.has_value());
}

TEST_P(McpRevisionTest, EachRequestSaysWhatItMust) {
  ASSERT_TRUE(Load(Server()).ok());
  ToolCallOptions options;
  options.traceparent = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
  const Json meta = ParseJson(Call("meta", Json::object(), options).get<std::string>(), {}).value();
  EXPECT_EQ(meta["traceparent"], options.traceparent);
  EXPECT_FALSE(meta.contains("progressToken"));
  if (!GetParam()) return;
  EXPECT_EQ(meta["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
  EXPECT_EQ(meta["io.modelcontextprotocol/clientInfo"]["name"], "heddle");
  EXPECT_TRUE(meta["io.modelcontextprotocol/clientCapabilities"].is_object());
}

TEST_P(McpRevisionTest, EffectsAreBelievedOfTrustedServersAlone) {
  McpServerOptions options = Server();
  options.trusted = true;
  ASSERT_TRUE(Load(options).ok());
  EXPECT_EQ(tools["fails"]->description().effects, ToolEffects::kRead);
  EXPECT_TRUE(tools["fails"]->description().idempotent);
  EXPECT_EQ(tools["echo"]->description().effects, ToolEffects::kWrite);
  tools.clear();
  ASSERT_TRUE(Load(Server()).ok());
  EXPECT_EQ(tools["fails"]->description().effects, ToolEffects::kWrite);
  EXPECT_FALSE(tools["fails"]->description().idempotent);
}

TEST_P(McpRevisionTest, EverythingMayBeLetGoAtAnyTime) {
  ASSERT_TRUE(Load(Server()).ok());
  auto first = Start("stall", Json::object());
  auto second = Start("echo", {{"text", "x"}});
  source.reset();
  tools.clear();  // the calls still hold the server
  EXPECT_EQ(Wait(*second), "x");
  first.reset();
}

TEST_F(McpStdioTest, WhatAServerAsksIsAnswered) {
  ASSERT_TRUE(Load(Server()).ok());
  const Json answers = ParseJson(Call("ask", Json::object()).get<std::string>(), {}).value();
  EXPECT_EQ(answers[0], Json({{"jsonrpc", "2.0"}, {"id", "a"}, {"result", Json::object()}}));
  EXPECT_EQ(answers[1]["id"], "b");
  EXPECT_EQ(answers[1]["error"]["code"], -32601);
  EXPECT_EQ(answers[2]["id"], 7);
  EXPECT_EQ(answers[2]["error"]["code"], -32601);
}

TEST_F(McpStdioTest, AnotherRoundIsAskedForOnlyWithoutQuestions) {
  ASSERT_TRUE(Load(Server({"stateless"})).ok());
  EXPECT_EQ(Call("round", Json::object()), "done");
  EXPECT_THAT(Call("input", Json::object()), IsError("elicitation/create"));
}

TEST_F(McpStdioTest, ASilentServerIsGreetedWithAHandshake) {
  McpServerOptions options = Server({"silent-on-discover"});
  options.probe_timeout = milliseconds(100);
  ASSERT_TRUE(Load(options).ok());
  EXPECT_EQ(Call("echo", {{"text", "x"}}), "x");
}

TEST_F(McpStdioTest, ASlowStatelessServerIsStatelessAllTheSame) {
  McpServerOptions options = Server({"stateless", "slow-on-discover"});
  options.probe_timeout = milliseconds(100);
  ASSERT_TRUE(Load(options).ok());
  EXPECT_EQ(Call("echo", {{"text", "x"}}), "x");
}

TEST_F(McpStdioTest, AServerThatTheQuestionKillsIsGreetedWithAHandshake) {
  ASSERT_TRUE(Load(Server({"die-on-discover"})).ok());
  EXPECT_EQ(Call("echo", {{"text", "x"}}), "x");
}

TEST_F(McpStdioTest, AStatelessServerMaySpeakOldRevisionsOnly) {
  ASSERT_TRUE(Load(Server({"old"})).ok());
  EXPECT_EQ(Call("echo", {{"text", "x"}}), "x");
}

TEST_F(McpStdioTest, NoCommonRevisionIsAnErrorThatNamesBoth) {
  for (const auto& [flag, version] :
       {std::pair("future", "2099-01-01"), {"ancient", "1999-01-01"}}) {
    const absl::Status status = Load(Server({flag}));
    EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(version), HasSubstr("2026-07-28"),
                                                     HasSubstr("2025-11-25"), HasSubstr("test")));
  }
}

TEST_F(McpStdioTest, AListWithoutEndIsAnError) {
  EXPECT_THAT(std::string(Load(Server({"endless"})).message()), HasSubstr("pages"));
}

TEST_F(McpStdioTest, WhatIsNoServerIsAnError) {
  McpServerOptions options;
  options.command = {"/no/such/program"};
  EXPECT_THAT(std::string(Load(options).message()), HasSubstr("/no/such/program"));
  options.command = {"sh", "-c", "echo 'cannot start: no key' >&2; exit 7"};
  EXPECT_THAT(std::string(Load(options).message()),
              AllOf(HasSubstr("exit code 7"), HasSubstr("cannot start: no key")));
  options.command = {"sh", "-c", "exec >&-; sleep 30"};
  EXPECT_THAT(std::string(Load(options).message()), HasSubstr("closed its output"));
  options.command = {"sleep", "30"};
  options.probe_timeout = milliseconds(50);
  options.start_timeout = milliseconds(200);
  EXPECT_TRUE(absl::IsDeadlineExceeded(Load(options)));
}

TEST_F(McpStdioTest, AServerIsNotStartedBeforeItIsNeeded) {
  McpServerOptions options;
  const std::string file = testing::TempDir() + "/heddle-mcp-started";
  std::filesystem::remove(file);
  options.command = {"touch", file};
  source = MakeMcpServer(loop(), client_, options);
  Pause(milliseconds(50));
  EXPECT_FALSE(std::filesystem::exists(file));
  bool loaded = false;
  source->Load([&](absl::Status, auto) { loaded = true; });
  HEDDLE_RUN_UNTIL(loop(), loaded);
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST_F(McpStdioTest, AServerMayEndByItselfWhenItsInputEnds) {
  const std::string file = testing::TempDir() + "/heddle-mcp-farewell";
  std::filesystem::remove(file);
  ASSERT_TRUE(Load(Server({"farewell=" + file})).ok());
  bool closed = false;
  source->Close([&] { closed = true; });
  HEDDLE_RUN_UNTIL(loop(), closed && std::filesystem::exists(file));
  EXPECT_THAT(Call("echo", {{"text", "x"}}), IsError("stopped"));
}

TEST_F(McpStdioTest, AServerThatDoesNotEndIsKilled) {
  McpServerOptions options = Server({"stubborn"});
  // Its children too: they are in its group.
  options.command = {
      "sh", "-c",
      absl::StrCat("sleep 60 & echo $! > ", testing::TempDir(), "/heddle-mcp-child; exec python3 ",
                   HEDDLE_SCRIPTED_MCP_SERVER, " stubborn")};
  ASSERT_TRUE(Load(options).ok());
  FILE* file = fopen((testing::TempDir() + "/heddle-mcp-child").c_str(), "r");
  int child = 0;
  ASSERT_EQ(fscanf(file, "%d", &child), 1);
  fclose(file);
  source.reset();
  tools.clear();
  const std::string proc = absl::StrCat("/proc/", child, "/stat");
  // Reaped by whoever inherits it; until then a zombie is dead enough.
  const auto dead = [&] {
    FILE* stat = fopen(proc.c_str(), "r");
    if (!stat) return true;
    char state = 0;
    const int read = fscanf(stat, "%*d %*s %c", &state);
    fclose(stat);
    return read == 1 && state == 'Z';
  };
  EXPECT_FALSE(dead());
  EventLoop::Timer tick;
  std::function<void()> again = [&] { tick = loop().After(milliseconds(20), again); };
  again();
  HEDDLE_RUN_UNTIL(loop(), dead());
}

}  // namespace
}  // namespace heddle
