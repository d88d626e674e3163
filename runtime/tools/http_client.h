// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// HTTP requests on the event loop, by libcurl: many at once over few connections, streamed where
// the caller wants each part as it comes.
//
//   HttpClient client(loop, {});
//   HttpRequest request{.method = "POST", .url = url, .body = text};
//   std::unique_ptr<HttpCall> call = client.Start(
//       std::move(request), [](absl::StatusOr<HttpResponse> response) { ... });
//
// What it does not do, so that a request goes where its URL says and nowhere else: no redirects
// (they are responses, with their status), no proxies from the environment unless asked for, no
// cookies, no credentials from files, http and https only. Certificates are always verified.
// A request that is not `repeatable` is sent at most once: where a kept connection turns out to be
// dead, libcurl would send it again.
//
// Thread-safety: on the loop's thread. Ownership: the loop outlives the client, the client its
// calls. Destroying a call cancels it, also inside its own callbacks; none comes after.

#ifndef HEDDLE_RUNTIME_TOOLS_HTTP_CLIENT_H_
#define HEDDLE_RUNTIME_TOOLS_HTTP_CLIENT_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/tools/event_loop.h"

namespace heddle {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;  // in their order
  std::string body;     // empty where it went to on_body

  // The last of that name, in any case; empty where there is none.
  std::string_view Header(std::string_view name) const;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url = {};
  HttpHeaders headers = {};
  std::string body = {};
  // Of all of it, waiting for other requests to the host included.
  std::optional<std::chrono::milliseconds> timeout = {};
  size_t max_response_bytes = size_t{64} << 20;  // after decompression
  bool repeatable = false;
  // Both optional. The head comes once, before the body.
  std::function<void(const HttpResponse& head)> on_head = {};
  std::function<void(std::string_view bytes)> on_body = {};
};

struct HttpClientOptions {
  // Requests at once to one host and port; more wait. 0: 1024, or half of the descriptors that the
  // process may have where that is less.
  int max_per_host = 0;
  bool environment_proxies = false;
  std::string ca_file = {};  // certificates of further authorities, PEM
};

// A request under way.
class HttpCall {
 public:
  virtual ~HttpCall() = default;
};

class HttpClient {
 public:
  // InvalidArgument for a bad request, DeadlineExceeded, ResourceExhausted for a response that is
  // too long, FailedPrecondition where the other side's certificate is wrong; Unavailable where the
  // connection failed. A response is one whatever its status.
  using Done = std::function<void(absl::StatusOr<HttpResponse>)>;

  HttpClient(EventLoop& loop, HttpClientOptions options);
  ~HttpClient();

  // `done` is called once, never before this returns.
  std::unique_ptr<HttpCall> Start(HttpRequest request, Done done);

 private:
  class State;
  class Call;
  const std::shared_ptr<State> state_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_HTTP_CLIENT_H_
