// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/http_client.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include "tests/unit/tools/http_server.h"
#include "tests/unit/tools/loop_testing.h"

namespace heddle {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;
using Response = absl::StatusOr<HttpResponse>;

class HttpClientTest : public LoopTest {
 protected:
  Response Get(HttpRequest request) {
    std::optional<Response> result;
    const auto call =
        client_.Start(std::move(request), [&](Response response) { result = std::move(response); });
    EXPECT_FALSE(result.has_value()) << "called back before Start returned";
    if (!RunFor(loop(), milliseconds(20'000), [&] { return result.has_value(); })) {
      return absl::InternalError("the test waited 20 s");
    }
    return *std::move(result);
  }
  Response Get(std::string url) { return Get(HttpRequest{.url = std::move(url)}); }

  HttpClient client_{loop(), {}};
};

TEST_F(HttpClientTest, SendsWhatItIsGivenAndReturnsWhatComes) {
  HttpServer server([](const HttpServer::Request& request, HttpServer::Connection& connection) {
    connection.Respond(201,
                       request.method + " " + request.path + " " + request.headers.at("x-name") +
                           " " + request.headers.at("content-type") + " " + request.body,
                       "X-Answer: first\r\nx-answer:  second \r\n");
  });
  const Response response = Get({.method = "POST",
                                 .url = server.url() + "/a?b=c",
                                 .headers = {{"X-Name", "v w"}, {"Content-Type", "text/plain"}},
                                 .body = "body"});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "POST /a?b=c v w text/plain body");
  EXPECT_EQ(response->Header("X-ANSWER"), "second");
  EXPECT_EQ(response->Header("other"), "");
}

TEST_F(HttpClientTest, AConnectionServesManyRequests) {
  HttpServer server([](const auto&, auto& connection) { connection.Respond(200, "x"); });
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Get(server.url()).ok());
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClientTest, RequestsAtOnceToAHostAreCapped) {
  std::atomic<int> now{0}, most{0};
  HttpServer server([&](const auto&, auto& connection) {
    for (int seen = most, n = ++now; n > seen && !most.compare_exchange_weak(seen, n);) {
    }
    std::this_thread::sleep_for(milliseconds(5));
    --now;
    connection.Respond(200, "x");
  });
  HttpClient client(loop(), {.max_per_host = 8});
  std::vector<std::unique_ptr<HttpCall>> calls;
  int done = 0;
  for (int i = 0; i < 100; ++i) {
    calls.push_back(client.Start({.url = server.url()},
                                 [&](const Response& response) { done += response.ok(); }));
  }
  HEDDLE_RUN_UNTIL(loop(), done == 100);
  EXPECT_EQ(most, 8);
  EXPECT_LE(server.connections(), 8);
}

TEST_F(HttpClientTest, BodiesAreStreamedAsTheyCome) {
  std::atomic<int> seen{0};
  HttpServer server([&](const auto&, auto& connection) {
    connection.StartChunks("Content-Type: text/event-stream\r\n");
    for (int i = 0; i < 3; ++i) {
      connection.SendChunk("data: " + std::to_string(i) + "\n\n");
      while (seen <= i) std::this_thread::yield();  // sends no more before this was seen
    }
    connection.EndChunks();
  });
  std::string text, type;
  const Response response =
      Get({.url = server.url(),
           .on_head =
               [&](const HttpResponse& head) {
                 EXPECT_EQ(head.status, 200);
                 EXPECT_TRUE(text.empty());
                 type = head.Header("content-type");
               },
           .on_body = [&](std::string_view bytes) { text += bytes, ++seen; }});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(type, "text/event-stream");
  EXPECT_EQ(text, "data: 0\n\ndata: 1\n\ndata: 2\n\n");
  EXPECT_EQ(response->body, "");
}

TEST_F(HttpClientTest, DestroyingACallClosesItsConnection) {
  std::atomic<bool> arrived{false}, closed{false};
  HttpServer server([&](const auto&, auto& connection) {
    arrived = true;
    closed = connection.AwaitClose();
    connection.Close();
  });
  auto call = client_.Start({.url = server.url()}, [](const Response&) { FAIL(); });
  std::thread watcher([&] {
    while (!arrived) std::this_thread::yield();
    loop().Post([&] { call.reset(); });
  });
  HEDDLE_RUN_UNTIL(loop(), arrived && call == nullptr);
  watcher.join();
  EXPECT_TRUE(RunFor(loop(), milliseconds(3000),
                     [&] {
                       std::this_thread::sleep_for(milliseconds(1));
                       return closed.load();
                     }) ||
              closed);
}

TEST_F(HttpClientTest, ACallMayBeDestroyedInItsOwnCallbacks) {
  HttpServer server([](const auto&, auto& connection) { connection.Respond(200, "body"); });
  std::unique_ptr<HttpCall> in_head, in_body, in_done;
  int done = 0;
  in_head = client_.Start({.url = server.url(),
                           .on_head = [&](const HttpResponse&) { ++done, in_head.reset(); },
                           .on_body = [](std::string_view) { FAIL(); }},
                          [](const Response&) { FAIL(); });
  in_body = client_.Start(
      {.url = server.url(), .on_body = [&](std::string_view) { ++done, in_body.reset(); }},
      [](const Response&) { FAIL(); });
  in_done = client_.Start({.url = server.url()}, [&](const Response&) { ++done, in_done.reset(); });
  HEDDLE_RUN_UNTIL(loop(), done == 3);
  EXPECT_TRUE(Get(server.url()).ok());  // the client lives on
}

TEST_F(HttpClientTest, FaultsOfTheOtherSideAreErrors) {
  HttpServer server([](const HttpServer::Request& request, HttpServer::Connection& connection) {
    if (request.path == "/half") {
      connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
      connection.Close();
    } else if (request.path == "/reset") {
      connection.Reset();
    } else if (request.path == "/close") {
      connection.Close();
    } else if (request.path == "/garbage") {
      connection.Send("\x01\x02 this is not HTTP\r\n\r\n");
      connection.Close();
    } else if (request.path == "/half_chunk") {
      connection.StartChunks();
      connection.Send("ff\r\nabc");
      connection.Close();
    }
  });
  for (const char* path : {"/half", "/reset", "/close", "/garbage", "/half_chunk"}) {
    const Response response = Get(server.url() + path);
    EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable)
        << path << response.status();
    EXPECT_THAT(std::string(response.status().message()), HasSubstr(server.url())) << path;
  }
  EXPECT_EQ(Get("http://127.0.0.1:1/").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Get("http://no-such-host.invalid/").status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(HttpClientTest, LongBodiesAndHeadsEndTheRequest) {
  HttpServer server([](const HttpServer::Request& request, HttpServer::Connection& connection) {
    if (request.path == "/head") {
      connection.Send("HTTP/1.1 200 OK\r\n");
      while (connection.Send("X: " + std::string(4000, 'x') + "\r\n")) {
      }
    } else {
      connection.StartChunks();
      while (connection.SendChunk(std::string(4000, 'x'))) {
      }
    }
    connection.Close();
  });
  for (const char* path : {"/head", "/body"}) {
    const Response response = Get({.url = server.url() + path, .max_response_bytes = 100'000});
    EXPECT_EQ(response.status().code(), absl::StatusCode::kResourceExhausted)
        << path << response.status();
  }
}

TEST_F(HttpClientTest, TheTimeoutCountsFromTheStart) {
  HttpServer server([](const auto&, auto& connection) {
    connection.StartChunks();
    while (connection.SendChunk("x")) std::this_thread::sleep_for(milliseconds(10));
    connection.Close();
  });
  HttpClient client(loop(), {.max_per_host = 1});
  int late = 0;
  std::vector<std::unique_ptr<HttpCall>> calls;
  const auto start = EventLoop::Clock::now();
  for (int i = 0; i < 3; ++i) {  // two of them never leave
    calls.push_back(client.Start(
        {.url = server.url(), .timeout = milliseconds(100)},
        [&](const Response& response) { late += absl::IsDeadlineExceeded(response.status()); }));
  }
  HEDDLE_RUN_UNTIL(loop(), late == 3);
  EXPECT_GE(MsSince(start), 100);
  EXPECT_LT(MsSince(start), 2000);
}

TEST_F(HttpClientTest, RedirectsAreResponses) {
  HttpServer server([](const HttpServer::Request& request, HttpServer::Connection& connection) {
    connection.Respond(302, "", "Location: /other\r\n");
  });
  EXPECT_EQ(Get(server.url())->status, 302);
  EXPECT_EQ(server.requests(), 1);
}

TEST_F(HttpClientTest, OnlyARepeatableRequestIsSentAgainWhenAKeptConnectionDies) {
  HttpServer server([](const HttpServer::Request& request, HttpServer::Connection& connection) {
    if (request.on_connection == 1) {
      connection.Respond(200, "first");
    } else {
      connection.Close();  // it was carried out, perhaps, and nobody hears of it
    }
  });
  EXPECT_TRUE(Get(server.url()).ok());
  const Response once = Get({.method = "POST", .url = server.url(), .body = "write"});
  EXPECT_EQ(once.status().code(), absl::StatusCode::kUnavailable) << once.status();
  EXPECT_THAT(std::string(once.status().message()), HasSubstr("not sent again"));
  EXPECT_EQ(server.requests(), 2);
  EXPECT_TRUE(Get(server.url()).ok());
  EXPECT_TRUE(Get({.url = server.url(), .repeatable = true}).ok());
  EXPECT_EQ(server.requests(), 5);
}

TEST_F(HttpClientTest, BadRequestsNeverLeaveAndNameNoSecrets) {
  for (HttpRequest request :
       std::vector<HttpRequest>{{.url = "file:///etc/passwd"},
                                {.url = "ftp://127.0.0.1/secret"},
                                {.url = "not a url secret"},
                                {.url = ""},
                                {.url = "http://[::1"},
                                {.method = "GET /secret", .url = "http://127.0.0.1"},
                                {.url = "http://127.0.0.1", .headers = {{"X", "secret\r\nY: 1"}}},
                                {.url = "http://127.0.0.1", .headers = {{"X:secret", "1"}}}}) {
    const std::string url = request.url;
    const Response response = Get(std::move(request));
    EXPECT_EQ(response.status().code(), absl::StatusCode::kInvalidArgument) << url;
    EXPECT_THAT(std::string(response.status().message()), Not(HasSubstr("secret"))) << url;
  }
}

TEST_F(HttpClientTest, ProxiesOfTheEnvironmentAreLeftAlone) {
  HttpServer server([](const auto&, auto& connection) { connection.Respond(200, "direct"); });
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  const Response response = Get(server.url());
  unsetenv("http_proxy");
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "direct");
}

TEST_F(HttpClientTest, ManyRequestsInFlight) {
  HttpServer server([](const auto&, auto& connection) { connection.Respond(200, "x"); });
  int done = 0;
  std::vector<std::unique_ptr<HttpCall>> calls;
  for (int i = 0; i < 5000; ++i) {
    calls.push_back(client_.Start({.method = "POST", .url = server.url(), .body = "{}"},
                                  [&](const Response& response) { done += response.ok(); }));
  }
  HEDDLE_RUN_UNTIL(loop(), done == 5000);
}

}  // namespace
}  // namespace heddle
