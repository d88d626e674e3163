// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/http_client.h"

#include <sys/epoll.h>
#include <sys/resource.h>

#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/tools/http_transfer.h"
#include "runtime/tools/sigpipe.h"

namespace heddle {
namespace {

// Requests to a host that no connection has reached: each may look up the name, which libcurl does
// on a thread; once the name is known, no more threads are needed.
constexpr int kUnknownHostLimit = 4;

int DefaultPerHost() {
  rlimit descriptors = {};
  getrlimit(RLIMIT_NOFILE, &descriptors);
  return static_cast<int>(std::clamp<rlim_t>(descriptors.rlim_cur / 2, 16, 1024));
}

enum class Place { kNowhere, kWaiting, kActive };

}  // namespace

std::string_view HttpResponse::Header(std::string_view name) const {
  for (auto header = headers.rbegin(); header != headers.rend(); ++header) {
    if (absl::EqualsIgnoreCase(header->first, std::string(name))) return header->second;
  }
  return {};
}

// A transfer with its place among the others: it waits at its host, then libcurl has it.
class HttpClient::Call : public HttpCall {
 public:
  Call(std::shared_ptr<State> state, HttpRequest request, Done done)
      : state(std::move(state)),
        transfer(std::make_shared<HttpTransfer>(std::move(request), std::move(done))) {}
  ~Call() override;

  const std::shared_ptr<State> state;
  // Shared with who delivers, so that a call may be destroyed in its own callback.
  const std::shared_ptr<HttpTransfer> transfer;
  EventLoop::Timer timer;
  Place place = Place::kNowhere;
  bool listed = false;  // among those with something to deliver
};

class HttpClient::State : public std::enable_shared_from_this<HttpClient::State> {
 public:
  State(EventLoop& loop, HttpClientOptions options) : loop_(loop), options_(std::move(options)) {
    [[maybe_unused]] static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (options_.max_per_host <= 0) options_.max_per_host = DefaultPerHost();
    multi_ = curl_multi_init();
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &OnSocket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &OnTimer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 256L);  // kept for later
  }

  ~State() {
    const SigpipeBlock no_sigpipe;  // closing a TLS connection writes
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, nullptr);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, nullptr);
    curl_multi_cleanup(multi_);
  }

  void Start(Call& call) {
    HttpTransfer& transfer = *call.transfer;
    if (absl::Status bad = transfer.Check(); !bad.ok()) {
      transfer.Fail(std::move(bad));
      call.timer = loop_.After({}, [this, &call] { DeliverEnd(call); });
      return;
    }
    if (const auto timeout = transfer.request().timeout) {
      call.timer = loop_.After(*timeout, [this, &call, timeout] {
        call.transfer->Fail(absl::DeadlineExceededError(absl::StrCat(
            call.transfer->origin(), ": no complete response after ", timeout->count(), " ms")));
        DeliverEnd(call);
      });
    }
    Host& host = hosts_[transfer.origin()];
    host.waiting.push_back(&call);
    call.place = Place::kWaiting;
    Admit(host);
  }

  // Takes the call away from wherever it is.
  void Remove(Call& call) {
    call.timer.End();
    if (std::exchange(call.listed, false)) std::erase(news_, &call);
    const Place place = std::exchange(call.place, Place::kNowhere);
    if (place == Place::kNowhere) return;
    auto it = hosts_.find(call.transfer->origin());
    Host& host = it->second;
    if (place == Place::kWaiting) {
      std::erase(host.waiting, &call);
    } else {
      const SigpipeBlock no_sigpipe;
      curl_multi_remove_handle(multi_, call.transfer->handle());
      --host.active;
      Admit(host);
    }
    if (host.active == 0 && host.waiting.empty()) hosts_.erase(it);
  }

 private:
  struct Host {
    std::deque<Call*> waiting;
    int active = 0;
    bool reached = false;
  };

  void Admit(Host& host) {
    const int most =
        host.reached ? options_.max_per_host : std::min(kUnknownHostLimit, options_.max_per_host);
    while (!host.waiting.empty() && host.active < most) {
      Call& call = *host.waiting.front();
      host.waiting.pop_front();
      call.place = Place::kActive;
      ++host.active;
      call.transfer->Open(options_, [this, &call] { List(call); });
      curl_easy_setopt(call.transfer->handle(), CURLOPT_PRIVATE, &call);
      if (curl_multi_add_handle(multi_, call.transfer->handle()) == CURLM_OK) continue;
      call.transfer->Fail(absl::ResourceExhaustedError("no memory for an HTTP request"));
      call.timer = loop_.After({}, [this, &call] { DeliverEnd(call); });
    }
  }

  void List(Call& call) {
    if (!std::exchange(call.listed, true)) news_.push_back(&call);
  }

  // libcurl works, then the callers hear of it: only then may they start and cancel requests.
  void Act(curl_socket_t socket, int ready) {
    const std::shared_ptr<State> self = shared_from_this();  // callers may destroy the client
    int running, left;
    curl_multi_socket_action(multi_, socket, ready, &running);
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      char* call = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
      reinterpret_cast<Call*>(call)->transfer->Finish(message->data.result);
      List(*reinterpret_cast<Call*>(call));
    }
    while (!news_.empty()) {
      Call& call = *news_.front();
      news_.pop_front();
      call.listed = false;
      if (call.transfer->finished()) {
        DeliverEnd(call);
        continue;
      }
      if (call.transfer->connected()) Reached(hosts_.find(call.transfer->origin())->second);
      const std::shared_ptr<HttpTransfer> transfer = call.transfer;
      transfer->Deliver();
    }
  }

  void Reached(Host& host) {
    if (!std::exchange(host.reached, true)) Admit(host);
  }

  void DeliverEnd(Call& call) {
    const std::shared_ptr<HttpTransfer> transfer = call.transfer;
    if (call.place == Place::kActive && transfer->connected()) {
      Reached(hosts_.find(transfer->origin())->second);
    }
    Remove(call);
    transfer->Deliver();
  }

  static int OnSocket(CURL*, curl_socket_t socket, int what, State* self, void*) {
    if (what == CURL_POLL_REMOVE) {
      self->watches_.erase(socket);
      return 0;
    }
    const uint32_t events =
        ((what & CURL_POLL_IN) ? EPOLLIN : 0u) | ((what & CURL_POLL_OUT) ? EPOLLOUT : 0u);
    if (auto it = self->watches_.find(socket); it != self->watches_.end()) {
      it->second.SetEvents(events);
      return 0;
    }
    auto watch = self->loop_.Add(socket, events, [self, socket](uint32_t ready) {
      self->Act(socket, ((ready & EPOLLIN) ? CURL_CSELECT_IN : 0) |
                            ((ready & EPOLLOUT) ? CURL_CSELECT_OUT : 0) |
                            ((ready & (EPOLLERR | EPOLLHUP)) ? CURL_CSELECT_ERR : 0));
    });
    if (!watch.ok()) return -1;
    self->watches_.emplace(socket, *std::move(watch));
    return 0;
  }

  static int OnTimer(CURLM*, long milliseconds, State* self) {
    self->timer_.End();
    if (milliseconds < 0) return 0;
    self->timer_ = self->loop_.After(std::chrono::milliseconds(milliseconds),
                                     [self] { self->Act(CURL_SOCKET_TIMEOUT, 0); });
    return 0;
  }

  EventLoop& loop_;
  HttpClientOptions options_;
  CURLM* multi_;
  std::map<std::string, Host> hosts_;  // those with requests
  std::deque<Call*> news_;             // with something to deliver
  std::unordered_map<curl_socket_t, EventLoop::Watch> watches_;
  EventLoop::Timer timer_;
};

HttpClient::Call::~Call() {
  transfer->Cancel();
  state->Remove(*this);
}

HttpClient::HttpClient(EventLoop& loop, HttpClientOptions options)
    : state_(std::make_shared<State>(loop, std::move(options))) {}

HttpClient::~HttpClient() = default;

std::unique_ptr<HttpCall> HttpClient::Start(HttpRequest request, Done done) {
  auto call = std::make_unique<Call>(state_, std::move(request), std::move(done));
  state_->Start(*call);
  return call;
}

}  // namespace heddle
