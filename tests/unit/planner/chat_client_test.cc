// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/planner/chat_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "tests/unit/planner/chat_server.h"
#include "tests/unit/tools/loop_testing.h"

namespace heddle {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

class ChatClientTest : public LoopTest {
 protected:
  absl::StatusOr<ChatReply> Ask(ChatServer& server, ChatRequest request = {},
                                ChatOptions options = {}) {
    options.url = server.url();
    options.model = "scripted";
    options.backoff = milliseconds(10);
    if (request.messages.empty()) request.messages = {{"user", "Hello"}};
    HttpClient http(loop(), {});
    auto client = ChatClient::Create(loop(), http, options);
    if (!client.ok()) return client.status();
    absl::StatusOr<ChatReply> result = absl::UnknownError("nothing came");
    bool ended = false;
    ChatEvents events;
    events.on_content = [&](std::string_view text) { streamed_ += text; };
    events.on_tool_call = [&](const ChatToolCall& call) {
      calls_.push_back(call.name + call.arguments);
    };
    const auto call = (*client)->Start(request, events, [&](absl::StatusOr<ChatReply> reply) {
      result = std::move(reply);
      ended = true;
    });
    EXPECT_TRUE(RunFor(loop(), milliseconds(20'000), [&] { return ended; }));
    return result;
  }
  std::string ErrorOf(ChatServer& server, ChatOptions options = {}) {
    const auto reply = Ask(server, {}, options);
    return reply.ok() ? "no error: " + reply->content : std::string(reply.status().message());
  }

  std::string streamed_;
  std::vector<std::string> calls_;
};

TEST_F(ChatClientTest, StreamsContentAndSumsUp) {
  ChatServer server({Stream("one\ntwo\nthree")});
  const auto reply = Ask(server);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->content, "one\ntwo\nthree");
  EXPECT_EQ(streamed_, reply->content);
  EXPECT_EQ(reply->usage.prompt_tokens, 10);
  EXPECT_EQ(reply->usage.completion_tokens, 5);
  EXPECT_EQ(server.raw_request(0).path, "/v1/chat/completions");
  EXPECT_EQ(server.request(0)["stream_options"]["include_usage"], true);
}

// Cut anywhere, with CRLF, comments, and characters of several bytes split over packets.
TEST_F(ChatClientTest, BytesMayComeInAnyParts) {
  std::string bytes = ": keep-alive\r\n\r\n";
  for (const char c : ContentEvent("größer ✓") + EndEvents()) {
    if (c == '\n') bytes += '\r';
    bytes += c;
  }
  std::vector<ChatPiece> pieces;
  for (const char c : bytes) pieces.push_back({std::string(1, c)});
  ChatServer server({Raw(pieces)});
  const auto reply = Ask(server);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->content, "größer ✓");
}

TEST_F(ChatClientTest, AResponseThatDoesNotStreamIsAReply) {
  ChatServer server(
      {JsonBody({{"choices", {{{"message", {{"content", "whole"}}}, {"finish_reason", "stop"}}}},
                 {"usage", {{"prompt_tokens", 3}, {"completion_tokens", 4}}}})});
  const auto reply = Ask(server);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->content, "whole");
  EXPECT_EQ(reply->usage.completion_tokens, 4);
}

TEST_F(ChatClientTest, ToolCallsArePassedOnWhenComplete) {
  auto part = [](int index, const std::string& name, const std::string& arguments) {
    return Event({{"choices",
                   {{{"delta",
                      {{"tool_calls",
                        {{{"index", index},
                          {"id", "call_" + std::to_string(index)},
                          {"function", {{"name", name}, {"arguments", arguments}}}}}}}}}}}});
  };
  ChatServer server({Raw({{part(0, "search", "{\"q\":")},
                          {part(0, "", " 1}")},
                          {part(1, "other", "{}")},
                          {EndEvents("tool_calls")}})});
  const auto reply = Ask(server);
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_EQ(reply->tool_calls.size(), 2u);
  EXPECT_EQ(reply->tool_calls[1].id, "call_1");
  EXPECT_THAT(calls_, testing::ElementsAre("search{\"q\": 1}", "other{}"));
}

TEST_F(ChatClientTest, ThinkingIsNoContent) {
  ChatServer server({Raw({{ContentEvent("<thi")},
                          {ContentEvent("nk>1. write()</th")},
                          {ContentEvent("ink>\nreply")},
                          {EndEvents()}})});
  const auto reply = Ask(server);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(streamed_, "\nreply");
}

TEST_F(ChatClientTest, WaitsAsLongAsTheServerAsks) {
  ChatServer server({Error(429, "{\"error\":{\"message\":\"slow down\"}}", "Retry-After: 1\r\n"),
                     Error(503, "busy"), Stream("reply")});
  const auto start = EventLoop::Clock::now();
  const auto reply = Ask(server);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->content, "reply");
  EXPECT_GE(MsSince(start), 1000);
  EXPECT_EQ(server.requests(), 3u);
}

TEST_F(ChatClientTest, RetriesEnd) {
  ChatServer server(
      {Error(500, "{\"error\":\"oh\"}"), Error(500, "oh"), Error(500, "oh"), Error(500, "oh")});
  EXPECT_THAT(ErrorOf(server),
              testing::AllOf(HasSubstr("HTTP 500: oh"), HasSubstr("tried 4 times")));
  EXPECT_EQ(server.requests(), 4u);
}

TEST_F(ChatClientTest, DoesNotWaitForAnHour) {
  ChatServer server({Error(429, "no", "Retry-After: 3600\r\n")});
  EXPECT_THAT(ErrorOf(server), HasSubstr("asks to wait for 3600 s"));
  EXPECT_EQ(server.requests(), 1u);
}

TEST_F(ChatClientTest, AStreamThatBreaksOffAfterContentIsNotAskedForAgain) {
  ChatStep broken = Raw({{ContentEvent("1. search()\n"), milliseconds(0)}});
  ChatServer ends({broken, Stream("never")});
  EXPECT_THAT(ErrorOf(ends), HasSubstr("broke off before its end"));
  EXPECT_EQ(ends.requests(), 1u);
  broken.pieces.push_back({"", milliseconds(50)});
  broken.breaks_off = true;
  ChatServer resets({broken, Stream("never")});
  EXPECT_THAT(ErrorOf(resets), Not(HasSubstr("no error")));
  EXPECT_EQ(resets.requests(), 1u);
}

TEST_F(ChatClientTest, AStreamThatBreaksOffBeforeContentIs) {
  ChatStep broken = Raw({{": hello\n\n"}});
  ChatServer server({broken, Stream("reply")});
  const auto reply = Ask(server);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(server.requests(), 2u);
}

TEST_F(ChatClientTest, GarbageIsAnErrorThatShowsIt) {
  ChatServer events({Raw({{"data: <<<garbage\n\n"}})});
  EXPECT_THAT(ErrorOf(events), HasSubstr("<<<garbage"));
  ChatServer page({{.headers = "Content-Type: application/json\r\n", .pieces = {{"<html>"}}}});
  EXPECT_THAT(ErrorOf(page), HasSubstr("no completion"));
  ChatServer cut({Raw({{ContentEvent("1. sea")}, {EndEvents("length")}})});
  EXPECT_THAT(ErrorOf(cut), HasSubstr("limit of tokens"));
}

TEST_F(ChatClientTest, LinesHaveALimit) {
  ChatServer server({Raw({{"data: " + std::string(3'000'000, 'x')}})});
  EXPECT_THAT(ErrorOf(server, {.max_reply_bytes = 1'000'000}), HasSubstr("too long"));
}

TEST_F(ChatClientTest, SilenceIsAnError) {
  ChatServer server({Raw({{ContentEvent("a")}, {ContentEvent("b"), milliseconds(600)}})});
  EXPECT_THAT(ErrorOf(server, {.silence = milliseconds(100)}),
              HasSubstr("said nothing for 100 ms"));
}

TEST_F(ChatClientTest, TheKeyIsSentAndNeverShown) {
  setenv("HEDDLE_TEST_KEY", "sk-secret\n", 1);
  ChatServer server({Error(401, "{\"error\":{\"message\":\"wrong key sk-secret\"}}")});
  const std::string error = ErrorOf(server, {.key_env = "HEDDLE_TEST_KEY"});
  EXPECT_EQ(server.raw_request(0).headers["authorization"], "Bearer sk-secret");
  EXPECT_THAT(error, testing::AllOf(HasSubstr("HEDDLE_TEST_KEY"), Not(HasSubstr("sk-secret"))));
  unsetenv("HEDDLE_TEST_KEY");
  EXPECT_THAT(ErrorOf(server, {.key_env = "HEDDLE_TEST_KEY"}), HasSubstr("is not set"));
}

TEST_F(ChatClientTest, AsksOldServersForLess) {
  ChatServer server({Error(400, "{\"error\":\"unknown field response_format\"}"),
                     Error(400, "{\"error\":\"unknown field stream_options\"}"), Stream("reply")});
  const auto reply = Ask(server, {.messages = {{"user", "x"}}, .response_format = Json::object()});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_TRUE(server.request(0).contains("response_format"));
  EXPECT_FALSE(server.request(2).contains("response_format"));
  EXPECT_FALSE(server.request(2).contains("stream_options"));
}

}  // namespace
}  // namespace heddle
