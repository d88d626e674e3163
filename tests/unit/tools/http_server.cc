// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/unit/tools/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace heddle {

bool HttpServer::Connection::Send(std::string_view bytes) {
  while (open_ && !bytes.empty()) {
    const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(count);
  }
  return open_;
}

bool HttpServer::Connection::Respond(int status, std::string_view body, std::string_view headers) {
  return Send(absl::StrCat("HTTP/1.1 ", status, " Some Reason\r\nContent-Length: ", body.size(),
                           "\r\n", std::string(headers), "\r\n", std::string(body)));
}

bool HttpServer::Connection::StartChunks(std::string_view headers) {
  return Send(absl::StrCat("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n",
                           std::string(headers), "\r\n"));
}

bool HttpServer::Connection::SendChunk(std::string_view bytes) {
  return Send(absl::StrCat(absl::Hex(bytes.size()), "\r\n", std::string(bytes), "\r\n"));
}

void HttpServer::Connection::Reset() {
  const linger at_once = {1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  open_ = false;
}

void HttpServer::Connection::Close() { open_ = false; }

bool HttpServer::Connection::AwaitClose() {
  pollfd readable = {fd_, POLLIN, 0};
  char byte;
  return poll(&readable, 1, 5000) == 1 && recv(fd_, &byte, 1, MSG_PEEK) <= 0;
}

bool HttpServer::Connection::ReadRequest(Request& request) {
  auto read_more = [&] {
    char buffer[65536];
    const ssize_t count = recv(fd_, buffer, sizeof buffer, 0);
    if (count > 0) unread_.append(buffer, count);
    return count > 0;
  };
  size_t end;
  while ((end = unread_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more()) return false;
  }
  const std::string head = unread_.substr(0, end + 2);
  unread_.erase(0, end + 4);
  const size_t first_end = head.find("\r\n");
  const size_t space = head.find(' '), second = head.find(' ', space + 1);
  request.method = head.substr(0, space);
  request.path = head.substr(space + 1, second - space - 1);
  for (size_t at = first_end + 2; at < head.size();) {
    const size_t line_end = head.find("\r\n", at), colon = head.find(':', at);
    request.headers[absl::AsciiStrToLower(head.substr(at, colon - at))] =
        std::string(absl::StripAsciiWhitespace(head.substr(colon + 1, line_end - colon - 1)));
    at = line_end + 2;
  }
  const size_t length = atoll(request.headers["content-length"].c_str());
  while (unread_.size() < length) {
    if (!read_more()) return false;
  }
  request.body = unread_.substr(0, length);
  unread_.erase(0, length);
  return true;
}

HttpServer::HttpServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 4096) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    abort();
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

HttpServer::~HttpServer() {
  stopping_ = true;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  std::vector<std::thread> threads;
  {
    std::lock_guard lock(mutex_);
    for (int fd : open_) shutdown(fd, SHUT_RDWR);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
}

std::string HttpServer::url() const { return absl::StrCat("http://127.0.0.1:", port_); }

void HttpServer::Accept() {
  while (!stopping_) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++connections_;
    std::lock_guard lock(mutex_);
    open_.push_back(fd);
    threads_.emplace_back([this, fd] { Serve(fd); });
  }
}

void HttpServer::Serve(int fd) {
  Connection connection(fd);
  for (int number = 1; connection.open_; ++number) {
    Request request;
    request.on_connection = number;
    if (!connection.ReadRequest(request)) break;
    ++requests_;
    handler_(request, connection);
  }
  std::lock_guard lock(mutex_);
  std::erase(open_, fd);
  close(fd);
}

}  // namespace heddle
