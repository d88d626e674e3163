// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One request as libcurl carries it out: its settings, and what has come so far. libcurl must not be
// changed inside its own callbacks, so these only store; Deliver calls the user back afterwards.
//
// Thread-safety: on the loop's thread.

#ifndef HEDDLE_RUNTIME_TOOLS_HTTP_TRANSFER_H_
#define HEDDLE_RUNTIME_TOOLS_HTTP_TRANSFER_H_

#include <curl/curl.h>

#include <optional>
#include <string>

#include "runtime/tools/http_client.h"

namespace heddle {

class HttpTransfer {
 public:
  HttpTransfer(HttpRequest request, HttpClient::Done done)
      : request_(std::move(request)), done_(std::move(done)) {}
  ~HttpTransfer();
  HttpTransfer(const HttpTransfer&) = delete;

  absl::Status Check();
  // Makes the handle, for a request that was checked: not before its turn, as handles are large.
  // `on_news` is called inside libcurl's callbacks.
  void Open(const HttpClientOptions& options, std::function<void()> on_news);
  CURL* handle() const { return handle_; }
  const HttpRequest& request() const { return request_; }
  // "https://host:port": what errors may name, as the rest of a URL may be secret.
  const std::string& origin() const { return origin_; }
  bool connected() const { return sends_ > 0; }
  bool finished() const { return outcome_.has_value(); }

  // The next Deliver is the last.
  void Finish(CURLcode code);
  void Fail(absl::Status status) { outcome_ = std::move(status); }
  // Calls back with what is new.
  void Deliver();
  void Cancel() { cancelled_ = true; }

 private:
  absl::Status CheckText() const;
  absl::Status ParseOrigin();
  void SetBody();
  static size_t OnHeader(char* data, size_t size, size_t count, HttpTransfer* self);
  static size_t OnBody(char* data, size_t size, size_t count, HttpTransfer* self);
  static int OnSend(HttpTransfer* self, char*, char*, int, int);

  const HttpRequest request_;
  const HttpClient::Done done_;
  std::string origin_;
  std::function<void()> on_news_;
  CURL* handle_ = nullptr;
  curl_slist* headers_ = nullptr;
  char error_[CURL_ERROR_SIZE] = {};
  HttpResponse response_;
  std::string news_;  // of the body, for on_body
  size_t header_bytes_ = 0, body_bytes_ = 0;
  int sends_ = 0;
  bool head_complete_ = false, head_delivered_ = false, too_long_ = false, cancelled_ = false;
  std::optional<absl::Status> outcome_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_HTTP_TRANSFER_H_
