// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/http_transfer.h"

#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/support/status_macros.h"

namespace heddle {
namespace {

constexpr size_t kMaxHeaderBytes = size_t{256} << 10;

// What would end a line of the head, or the head.
bool HasLineBreak(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

bool IsToken(std::string_view text) {
  for (char c : text) {
    if (!absl::ascii_isalnum(c) && !std::strchr("!#$%&'*+-.^_`|~", c)) return false;
  }
  return !text.empty();
}

// The URL was checked before, so what is left is the other side's fault or the way's.
absl::StatusCode CodeOf(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
      return absl::StatusCode::kFailedPrecondition;
    case CURLE_OUT_OF_MEMORY:
      return absl::StatusCode::kResourceExhausted;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

struct UrlParts {
  CURLU* url = curl_url();
  ~UrlParts() { curl_url_cleanup(url); }
  std::string Get(CURLUPart part, unsigned flags) const {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
    std::string copy = text;
    curl_free(text);
    return copy;
  }
};

}  // namespace

HttpTransfer::~HttpTransfer() {
  curl_easy_cleanup(handle_);
  curl_slist_free_all(headers_);
}

absl::Status HttpTransfer::CheckText() const {
  if (!IsToken(request_.method)) {
    return absl::InvalidArgumentError("the HTTP method is not a word");
  }
  for (const auto& [name, value] : request_.headers) {
    if (!IsToken(name)) return absl::InvalidArgumentError("the name of a header is not a word");
    if (HasLineBreak(value)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the header ", name, " has a line break in it"));
    }
  }
  return absl::OkStatus();
}

absl::Status HttpTransfer::ParseOrigin() {
  const UrlParts parts;
  const CURLUcode code =
      curl_url_set(parts.url, CURLUPART_URL, request_.url.c_str(), CURLU_NON_SUPPORT_SCHEME);
  const std::string scheme = parts.Get(CURLUPART_SCHEME, 0);
  if (code != CURLUE_OK || request_.url.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("malformed URL");
  }
  if (scheme != "http" && scheme != "https") {
    return absl::InvalidArgumentError("the URL is neither http nor https");
  }
  origin_ = absl::StrCat(scheme, "://", parts.Get(CURLUPART_HOST, 0), ":",
                         parts.Get(CURLUPART_PORT, CURLU_DEFAULT_PORT));
  return absl::OkStatus();
}

void HttpTransfer::SetBody() {
  const bool sends = !request_.body.empty() || request_.method == "POST" ||
                     request_.method == "PUT" || request_.method == "PATCH";
  if (request_.method == "HEAD") {
    curl_easy_setopt(handle_, CURLOPT_NOBODY, 1L);
  } else if (sends) {
    curl_easy_setopt(handle_, CURLOPT_POST, 1L);
    curl_easy_setopt(handle_, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request_.body.size()));
    curl_easy_setopt(handle_, CURLOPT_POSTFIELDS, request_.body.data());
  }
  curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  // Waiting for "100 Continue" costs a second with servers that do not know it.
  headers_ = curl_slist_append(nullptr, "Expect:");
  bool has_type = false;
  for (const auto& [name, value] : request_.headers) {
    has_type |= absl::EqualsIgnoreCase(name, "Content-Type");
    // libcurl's spelling of a header without a value.
    headers_ = curl_slist_append(
        headers_,
        (value.empty() ? absl::StrCat(name, ";") : absl::StrCat(name, ": ", value)).c_str());
  }
  // Else libcurl would call it a form.
  if (sends && !has_type) headers_ = curl_slist_append(headers_, "Content-Type:");
  curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, headers_);
}

absl::Status HttpTransfer::Check() {
  HEDDLE_RETURN_IF_ERROR(CheckText());
  return ParseOrigin();
}

void HttpTransfer::Open(const HttpClientOptions& options, std::function<void()> on_news) {
  on_news_ = std::move(on_news);
  handle_ = curl_easy_init();
  curl_easy_setopt(handle_, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(handle_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle_, CURLOPT_CONNECTTIMEOUT_MS, 30'000L);
  curl_easy_setopt(handle_, CURLOPT_ACCEPT_ENCODING, "");  // all that libcurl can decode
  curl_easy_setopt(handle_, CURLOPT_USERAGENT, "heddle");
  curl_easy_setopt(handle_, CURLOPT_ERRORBUFFER, error_);
  curl_easy_setopt(handle_, CURLOPT_HEADERFUNCTION, &OnHeader);
  curl_easy_setopt(handle_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, &OnBody);
  curl_easy_setopt(handle_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(handle_, CURLOPT_PREREQFUNCTION, &OnSend);
  curl_easy_setopt(handle_, CURLOPT_PREREQDATA, this);
  if (!options.environment_proxies) curl_easy_setopt(handle_, CURLOPT_PROXY, "");
  if (!options.ca_file.empty()) curl_easy_setopt(handle_, CURLOPT_CAINFO, options.ca_file.c_str());
  SetBody();
}

size_t HttpTransfer::OnHeader(char* data, size_t size, size_t count, HttpTransfer* self) {
  const size_t bytes = size * count;
  self->header_bytes_ += bytes;
  if (self->header_bytes_ > kMaxHeaderBytes) {
    self->too_long_ = true;
    return 0;
  }
  const absl::string_view line = absl::StripAsciiWhitespace(absl::string_view(data, bytes));
  const size_t colon = line.find(':');
  long status = 0;
  curl_easy_getinfo(self->handle_, CURLINFO_RESPONSE_CODE, &status);
  if (absl::StartsWith(line, "HTTP/") && !self->head_complete_) {
    self->response_.headers.clear();  // of "100 Continue", or of a proxy
  } else if (colon != absl::string_view::npos) {
    self->response_.headers.emplace_back(line.substr(0, colon),
                                         absl::StripLeadingAsciiWhitespace(line.substr(colon + 1)));
  } else if (line.empty() && status >= 200) {
    self->response_.status = static_cast<int>(status);
    self->head_complete_ = true;
    self->on_news_();
  }
  return bytes;
}

size_t HttpTransfer::OnBody(char* data, size_t size, size_t count, HttpTransfer* self) {
  const size_t bytes = size * count;
  if (bytes > self->request_.max_response_bytes - self->body_bytes_) {
    self->too_long_ = true;
    return 0;
  }
  self->body_bytes_ += bytes;
  if (!self->request_.on_body) {
    self->response_.body.append(data, bytes);
  } else {
    self->news_.append(data, bytes);
    self->on_news_();
  }
  return bytes;
}

int HttpTransfer::OnSend(HttpTransfer* self, char*, char*, int, int) {
  ++self->sends_;
  self->on_news_();
  return self->sends_ > 1 && !self->request_.repeatable ? CURL_PREREQFUNC_ABORT
                                                        : CURL_PREREQFUNC_OK;
}

void HttpTransfer::Finish(CURLcode code) {
  if (code == CURLE_OK) {
    outcome_ = absl::OkStatus();
  } else if (too_long_) {
    outcome_ = absl::ResourceExhaustedError(
        absl::StrCat(origin_, ": the response is longer than ", request_.max_response_bytes,
                     " bytes, or its head than ", kMaxHeaderBytes));
  } else if (code == CURLE_ABORTED_BY_CALLBACK) {
    outcome_ = absl::UnavailableError(absl::StrCat(
        origin_,
        ": the connection was lost before the response; the request may have been carried "
        "out and is not sent again"));
  } else {
    outcome_ = absl::Status(
        CodeOf(code), absl::StrCat(origin_, ": ", error_[0] ? error_ : curl_easy_strerror(code)));
  }
}

void HttpTransfer::Deliver() {
  if (head_complete_ && !cancelled_ && !std::exchange(head_delivered_, true) && request_.on_head) {
    request_.on_head(response_);
  }
  if (!cancelled_ && !news_.empty()) request_.on_body(std::exchange(news_, {}));
  if (cancelled_ || !outcome_) return;
  cancelled_ = true;  // nothing comes after
  if (outcome_->ok()) {
    done_(std::move(response_));
  } else {
    done_(*std::move(outcome_));
  }
}

}  // namespace heddle
