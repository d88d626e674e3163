// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An HTTP server for tests on a free port of this machine, which can also misbehave: the handler
// has the raw connection.
//
//   HttpServer server([](const HttpServer::Request& request, HttpServer::Connection& connection) {
//     connection.Respond(200, "hello");
//   });
//   ... server.url() + "/path"
//
// Thread-safety: the handler is called on a thread per connection.

#ifndef HEDDLE_TESTS_UNIT_TOOLS_HTTP_SERVER_H_
#define HEDDLE_TESTS_UNIT_TOOLS_HTTP_SERVER_H_

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace heddle {

class HttpServer {
 public:
  struct Request {
    std::string method, path;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
    int on_connection = 0;  // 1 for the first
  };

  class Connection {
   public:
    explicit Connection(int fd) : fd_(fd) {}
    // False once the other side is gone.
    bool Send(std::string_view bytes);
    // `headers` are lines, each with its "\r\n".
    bool Respond(int status, std::string_view body, std::string_view headers = "");
    // "Transfer-Encoding: chunked" in three steps.
    bool StartChunks(std::string_view headers = "");
    bool SendChunk(std::string_view bytes);
    bool EndChunks() { return Send("0\r\n\r\n"); }
    // The other side sees "connection reset by peer".
    void Reset();
    void Close();
    // Waits until the other side closes; false after five seconds.
    bool AwaitClose();

   private:
    friend class HttpServer;
    bool ReadRequest(Request& request);
    const int fd_;
    bool open_ = true;
    std::string unread_;
  };

  using Handler = std::function<void(const Request&, Connection&)>;

  explicit HttpServer(Handler handler);
  ~HttpServer();

  std::string url() const;
  int connections() const { return connections_; }
  int requests() const { return requests_; }

 private:
  void Accept();
  void Serve(int fd);

  const Handler handler_;
  int listener_;
  int port_ = 0;
  std::atomic<int> connections_{0}, requests_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::vector<std::thread> threads_;
  std::vector<int> open_;
  std::thread acceptor_;
};

}  // namespace heddle

#endif  // HEDDLE_TESTS_UNIT_TOOLS_HTTP_SERVER_H_
