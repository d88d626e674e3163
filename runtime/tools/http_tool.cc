// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/http_tool.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/support/text.h"
#include "runtime/tools/retry_after.h"
#include "runtime/tools/tool_result.h"

namespace heddle {
namespace {

std::string QueryEscaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~') {
      escaped += c;
    } else {
      constexpr std::string_view digits = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      escaped += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return escaped;
}

void SetHeader(HttpHeaders& headers, const std::string& name, const std::string& value) {
  const bool there = std::any_of(headers.begin(), headers.end(), [&](const auto& header) {
    return absl::EqualsIgnoreCase(header.first, name);
  });
  if (!there) headers.emplace_back(name, value);
}

class HttpToolCall : public ToolCall {
 public:
  std::unique_ptr<HttpCall> call;
};

class HttpTool : public Tool {
 public:
  HttpTool(ToolDescription description, HttpRun run, ToolHost& host)
      : Tool(std::move(description)), run_(std::move(run)), host_(host) {}

  std::unique_ptr<ToolCall> StartCall(Json arguments, const ToolCallOptions& options,
                                      Done done) override {
    HttpRequest request{.method = run_.method, .url = run_.url, .headers = run_.headers};
    if (run_.method == "GET" || run_.method == "HEAD") {
      if (arguments.is_array()) arguments = Json{{"calls", std::move(arguments)}};
      request.url = UrlWithQuery(run_.url, arguments);
    } else {
      request.body = ToText(arguments);
      SetHeader(request.headers, "Content-Type", "application/json");
    }
    SetHeader(request.headers, "Accept", "application/json, text/*;q=0.9, */*;q=0.8");
    if (!options.traceparent.empty()) {
      SetHeader(request.headers, "traceparent", options.traceparent);
    }
    request.repeatable = description().repeatable();
    auto call = std::make_unique<HttpToolCall>();
    call->call = host_.http.Start(
        std::move(request), [calls = BatchCalls(arguments),
                             done = std::move(done)](absl::StatusOr<HttpResponse> response) {
          if (!response.ok()) return done(ErrorFromStatus(response.status()));
          if (response->status >= 300) return done(ErrorFromResponse(*response));
          done(CheckBatch(calls, ResultFromText(std::move(response->body))));
        });
    return call;
  }

 private:
  const HttpRun run_;
  ToolHost& host_;
};

}  // namespace

std::string UrlWithQuery(const std::string& url, const Json& arguments) {
  const size_t fragment = url.find('#');
  std::string with = url.substr(0, fragment);
  char separator = with.find('?') == std::string::npos ? '?' : '&';
  if (!arguments.is_object()) return with;
  for (const auto& [name, value] : arguments.items()) {
    absl::StrAppend(&with, std::string(1, separator), QueryEscaped(name), "=",
                    QueryEscaped(ToPlainText(value)));
    separator = '&';
  }
  return with;
}

ToolError ErrorFromResponse(const HttpResponse& response) {
  const int status = response.status;
  ToolError error{.message = absl::StrCat("HTTP status ", status),
                  .may_retry = status == 408 || status == 429 || (status >= 500 && status != 501),
                  .retry_after = std::nullopt};
  if (status < 400) {
    absl::StrAppend(&error.message, ": redirects are not followed; give the URL they lead to");
  } else if (const std::string body = ShortMessage(response.body); !body.empty()) {
    absl::StrAppend(&error.message, ": ", body);
  }
  if (status == 429 || status == 503) {
    error.retry_after = RetryAfter(response);
  }
  return error;
}

std::unique_ptr<Tool> MakeHttpTool(ToolDescription description, HttpRun run, ToolHost& host) {
  return std::make_unique<HttpTool>(std::move(description), std::move(run), host);
}

}  // namespace heddle
