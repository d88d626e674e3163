// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The MCP client and servers behind a URL, which answer in every way that is allowed and in some
// that are not.

#include <atomic>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "tests/unit/tools/http_server.h"
#include "tests/unit/tools/mcp/mcp_testing.h"

namespace heddle {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr char kJson[] = "Content-Type: application/json\r\n";
constexpr char kEvents[] = "Content-Type: text/event-stream\r\n";

std::string Result(const Json& id, Json result) {
  return ToText({{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}});
}
std::string Text(const Json& id, const std::string& text) {
  return Result(id, {{"content", Json::array({{{"type", "text"}, {"text", text}}})}});
}
std::string Event(const std::string& data, const std::string& fields = "") {
  return absl::StrCat(fields, "data: ", data, "\n\n");
}

// A server whose tool "t" does what the test says; the rest is as it should be.
class McpHttpTest : public McpTest {
 protected:
  using Handler =
      std::function<void(const HttpServer::Request&, const Json& message, HttpServer::Connection&)>;

  void Serve(bool stateless, Handler on_call) {
    server = std::make_unique<HttpServer>([=, this](const HttpServer::Request& request,
                                                    HttpServer::Connection& connection) {
      const Json message = ParseJson(request.body.empty() ? "null" : request.body, {}).value();
      {
        std::lock_guard lock(mutex);
        requests.push_back(request);
      }
      const std::string method = message.is_object() ? message.value("method", "") : "";
      if (method == "tools/call" || method.empty()) return on_call(request, message, connection);
      if (method == "server/discover" && stateless) {
        connection.Respond(200, Result(message["id"], {{"supportedVersions", {"2026-07-28"}}}),
                           kJson);
      } else if (method == "initialize" && !stateless) {
        connection.Respond(200, Result(message["id"], {{"protocolVersion", "2025-11-25"}}),
                           absl::StrCat(kJson, "Mcp-Session-Id: s", ++sessions, "\r\n"));
      } else if (method == "tools/list") {
        Json tool = {{"name", "t"}, {"inputSchema", {{"type", "object"}}}};
        tool["inputSchema"]["properties"]["r"] = {{"type", "string"}, {"x-mcp-header", "Region"}};
        connection.Respond(200, Result(message["id"], {{"tools", Json::array({tool})}}), kJson);
      } else if (!message.contains("id")) {
        connection.Respond(202, "");
      } else {
        connection.Respond(400,
                           R"({"jsonrpc":"2.0","error":{"code":-32000,"message":"no session"}})");
      }
    });
  }
  absl::Status LoadIt() {
    McpServerOptions options;
    options.url = server->url() + "/mcp";
    options.headers = {{"Authorization", "Bearer x"}};
    return Load(options);
  }
  HttpServer::Request LastRequest() {
    std::lock_guard lock(mutex);
    return requests.back();
  }

  std::mutex mutex;
  std::vector<HttpServer::Request> requests;
  std::atomic<int> sessions = 0;
  std::unique_ptr<HttpServer> server;
};

TEST_F(McpHttpTest, AStatelessRequestSaysAllInItsHeaders) {
  Serve(true, [](const auto&, const Json& message, auto& connection) {
    connection.Respond(200, Text(message["id"], "done"), kJson);
  });
  ASSERT_TRUE(LoadIt().ok());
  ToolCallOptions options;
  options.traceparent = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
  EXPECT_EQ(Call("t", {{"r", "us-west1"}}, options), "done");
  auto headers = LastRequest().headers;
  EXPECT_EQ(headers["mcp-protocol-version"], "2026-07-28");
  EXPECT_EQ(headers["mcp-method"], "tools/call");
  EXPECT_EQ(headers["mcp-name"], "t");
  EXPECT_EQ(headers["mcp-param-region"], "us-west1");
  EXPECT_EQ(headers["traceparent"], options.traceparent);
  EXPECT_EQ(headers["authorization"], "Bearer x");
  EXPECT_EQ(headers["accept"], "application/json, text/event-stream");
  EXPECT_FALSE(headers.contains("mcp-session-id"));
}

TEST_F(McpHttpTest, ASessionIsKeptAndEnded) {
  Serve(false, [](const auto& request, const Json& message, auto& connection) {
    if (request.method == "DELETE") return (void)connection.Respond(200, "");
    connection.Respond(200, Text(message["id"], "done"), kJson);
  });
  ASSERT_TRUE(LoadIt().ok());
  EXPECT_EQ(Call("t", Json::object()), "done");
  auto headers = LastRequest().headers;
  EXPECT_EQ(headers["mcp-session-id"], "s1");
  EXPECT_EQ(headers["mcp-protocol-version"], "2025-11-25");
  bool closed = false;
  source->Close([&] { closed = true; });
  HEDDLE_RUN_UNTIL(loop(), closed);
  EXPECT_EQ(LastRequest().method, "DELETE");
  EXPECT_EQ(LastRequest().headers["mcp-session-id"], "s1");
}

TEST_F(McpHttpTest, TheRegistryEndsTheSessionsThatItsSourcesOpened) {
  Serve(false, [](const auto&, const Json&, auto& connection) { connection.Respond(405, ""); });
  ToolRegistry registry;
  McpServerOptions options;
  options.url = server->url();
  for (const char* name : {"a", "b"}) {
    options.name = name;
    registry.AddSource(MakeMcpServer(loop(), client_, options));
  }
  bool loaded = false, closed = false;
  registry.Load({"a.t"}, [&](absl::Status status) { loaded = status.ok(); });
  HEDDLE_RUN_UNTIL(loop(), loaded);
  EXPECT_EQ(sessions, 1);  // nobody asked for the other
  registry.Close([&] { closed = true; });
  HEDDLE_RUN_UNTIL(loop(), closed);
  EXPECT_EQ(LastRequest().method, "DELETE");
}

TEST_F(McpHttpTest, AForgottenSessionIsOpenedAgain) {
  for (const int status : {404, 400}) {
    sessions = 0;
    Serve(false, [status](const auto& request, const Json& message, auto& connection) {
      if (request.headers.at("mcp-session-id") == "s1")
        return (void)connection.Respond(status, "who?");
      connection.Respond(200, Text(message["id"], "done"), kJson);
    });
    ASSERT_TRUE(LoadIt().ok());
    EXPECT_EQ(Call("t", Json::object()), "done");
    EXPECT_EQ(sessions, 2);
  }
}

TEST_F(McpHttpTest, ASessionThatIsForgottenAgainAndAgainIsAnError) {
  Serve(false, [](const auto&, const Json&, auto& connection) { connection.Respond(404, "who?"); });
  ASSERT_TRUE(LoadIt().ok());
  EXPECT_THAT(Call("t", Json::object()), IsError("HTTP status 404: who?"));
  EXPECT_EQ(sessions, 2);
}

TEST_F(McpHttpTest, AnAnswerMayBeAStream) {
  Serve(true, [](const auto&, const Json& message, auto& connection) {
    const Json progress = {{"jsonrpc", "2.0"},
                           {"method", "notifications/progress"},
                           {"params", {{"progressToken", message["id"]}, {"progress", 3}}}};
    connection.StartChunks(kEvents);
    connection.SendChunk(": hello\n\nevent: other\ndata: {\n\n" + Event(ToText(progress)));
    connection.SendChunk(Event(Text(999, "not its answer")) + Event(Text(message["id"], "first")));
    connection.SendChunk(Event(Text(message["id"], "second")));
    connection.EndChunks();
  });
  ASSERT_TRUE(LoadIt().ok());
  std::vector<double> steps;
  ToolCallOptions options;
  options.on_progress = [&](double progress, const std::string&) { steps.push_back(progress); };
  EXPECT_EQ(Call("t", Json::object(), options), "first");
  EXPECT_THAT(steps, testing::ElementsAre(3));
}

TEST_F(McpHttpTest, AStreamThatBreaksIsTakenUpAgain) {
  auto post = std::make_shared<Json>();
  Serve(false, [post](const auto& request, const Json& message, auto& connection) {
    connection.StartChunks(kEvents);
    if (request.method == "POST") {
      *post = message["id"];
      connection.SendChunk("retry: 10\nid: e1\ndata:\n\ndata: {\"js");
      return connection.Close();
    }
    EXPECT_EQ(request.headers.at("last-event-id"), "e1");
    connection.SendChunk(Event(Text(*post, "done"), "id: e2\n"));
    connection.EndChunks();
  });
  ASSERT_TRUE(LoadIt().ok());
  EXPECT_EQ(Call("t", Json::object()), "done");
}

TEST_F(McpHttpTest, AStreamThatCannotBeTakenUpAgainIsAnError) {
  std::atomic<int> posts = 0;
  Serve(false, [&posts](const auto& request, const Json&, auto& connection) {
    if (request.method == "GET") return (void)connection.Respond(404, "");
    ++posts;
    connection.StartChunks(kEvents);
    connection.SendChunk("retry: 10\nid: e1\ndata:\n\n");
    connection.EndChunks();
  });
  ASSERT_TRUE(LoadIt().ok());
  EXPECT_THAT(Call("t", Json::object()), IsError("broke off"));
  EXPECT_EQ(posts, 1);  // it may have been carried out
}

TEST_F(McpHttpTest, WhatIsNoAnswerIsAnError) {
  // The server's threads outlive this function.
  static const std::vector<std::pair<std::function<void(HttpServer::Connection&)>, const char*>>
      ways = {{[](auto& c) { c.Respond(202, ""); }, "line 1"},
              {[](auto& c) { c.Respond(200, "<html>", "Content-Type: text/html\r\n"); },
               "broken message"},
              {[](auto& c) { c.Respond(200, "{}", kJson); }, "no answer"},
              {[](auto& c) { c.Respond(200, Event("{"), kEvents); }, "broken message"},
              {[](auto& c) { c.Respond(200, ": nothing\n\n", kEvents); }, "no answer"},
              {[](auto& c) { c.Respond(500, "<html>long"); }, "HTTP status 500"},
              {[](auto& c) { c.Respond(401, "key?"); }, "credentials"},
              {[](auto& c) { c.Respond(307, "", "Location: http://elsewhere/\r\n"); }, "redirects"},
              {[](auto& c) { c.Reset(); }, "lost"}};
  static std::atomic<size_t> way = 0;
  Serve(true, [](const auto&, const Json&, auto& connection) { ways[way].first(connection); });
  ASSERT_TRUE(LoadIt().ok());
  for (; way < ways.size(); ++way) {
    const Json result = Call("t", Json::object());
    if (way + 1 == ways.size()) {
      EXPECT_TRUE(result.contains("error"));
    } else {
      EXPECT_THAT(result, IsError(ways[way].second)) << way;
    }
  }
}

TEST_F(McpHttpTest, AServerThatIsBusySaysWhenToComeBack) {
  Serve(true, [](const auto&, const Json&, auto& connection) {
    connection.Respond(503,
                       R"({"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"busy"}})",
                       "Retry-After: 7\r\n");
  });
  ASSERT_TRUE(LoadIt().ok());
  auto call = Start("t", Json::object());
  EXPECT_THAT(Wait(*call), AllOf(IsError("HTTP status 503"), IsError("busy")));
  const ToolError& error = std::get<ToolError>(*call->outcome);
  EXPECT_TRUE(error.may_retry);
  EXPECT_EQ(error.retry_after, std::chrono::seconds(7));
}

TEST_F(McpHttpTest, AnErrorMayComeWithAnyStatus) {
  Serve(true, [](const auto&, const Json&, auto& connection) {
    connection.Respond(
        400, R"({"jsonrpc":"2.0","id":null,"error":{"code":-32020,"message":"mismatch"}})");
  });
  ASSERT_TRUE(LoadIt().ok());
  EXPECT_THAT(Call("t", Json::object()), AllOf(IsError("mismatch"), IsError("-32020")));
}

TEST_F(McpHttpTest, CancellingClosesTheConnection) {
  std::atomic<bool> waiting = false, closed = false;
  Serve(true, [&](const auto&, const Json&, auto& connection) {
    connection.StartChunks(kEvents);
    connection.SendChunk(": wait\n\n");
    waiting = true;
    closed = connection.AwaitClose();
  });
  ASSERT_TRUE(LoadIt().ok());
  auto call = Start("t", Json::object());
  EventLoop::Timer tick;
  std::function<void()> again = [&] { tick = loop().After(std::chrono::milliseconds(5), again); };
  again();
  HEDDLE_RUN_UNTIL(loop(), waiting.load());
  call->call.reset();
  HEDDLE_RUN_UNTIL(loop(), closed.load());
  EXPECT_FALSE(call->outcome.has_value());
  std::lock_guard lock(mutex);
  EXPECT_EQ(requests.size(), 3u);  // no message says so
}

TEST_F(McpHttpTest, WhereNobodyListensNothingIsRetried) {
  McpServerOptions options;
  options.url = "http://127.0.0.1:1/mcp";
  EXPECT_TRUE(absl::IsUnavailable(Load(options)));
  options.url = "ftp://127.0.0.1/";
  EXPECT_THAT(std::string(Load(options).message()), HasSubstr("neither http nor https"));
}

}  // namespace
}  // namespace heddle
