// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/planner/planner.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "frontends/plan/PlanPrinter.h"
#include "runtime/planner/planner_state.h"

namespace heddle {

Planner::State::State(EventLoop& loop, ToolRegistry& registry, ChatClient& chat,
                      PlannerOptions options, PlannerObserver* observer)
    : loop_(loop),
      registry_(registry),
      catalog_(registry),
      chat_(chat),
      options_(std::move(options)),
      observer_(observer ? observer : &silent_) {}

void Planner::State::Ask(std::string question, std::function<void(PlannerReport)> done) {
  question_ = std::move(question);
  done_ = std::move(done);
  run_ = std::make_unique<PlanRun>(loop_, registry_, options_.run, static_cast<RunObserver*>(this));
  if (options_.run.timeout) {
    deadline_ = loop_.After(*options_.run.timeout, [this] {
      Fail(absl::DeadlineExceededError(
          absl::StrCat("the time of ", options_.run.timeout->count(), " ms is over")));
    });
  }
  registry_.LoadAll([weak = weak_from_this()](const absl::Status& status) {
    const auto self = weak.lock();
    if (!self || self->ending_) return;
    if (!status.ok()) return self->Fail(status);
    // Not from within Ask: whoever asks need not expect events before it returns.
    self->loop_.Post([weak] {
      const auto self = weak.lock();
      if (self && !self->ending_) self->StartRound("");
    });
  });
}

void Planner::State::Cancel() {
  cancelled_ = true;
  Fail(absl::CancelledError("cancelled"));
}

void Planner::State::Close() {
  ending_ = true;
  done_ = nullptr;
  observer_ = &silent_;
  deadline_.End();
  chat_call_.reset();
  run_.reset();
}

void Planner::State::Fail(absl::Status status) {
  if (ending_ || !run_) return;
  report_.status = std::move(status);
  End();
}

void Planner::State::End() {
  ending_ = true;
  next_ = nullptr;
  deadline_.End();
  chat_call_.reset();
  if (!report_.status.ok()) run_->Cancel();
  // Without the join: calls of earlier rounds are no less needed for not being in the last one.
  run_->Finish(std::nullopt, [this](RunReport run) {
    using Status = RunReport::Status;
    if (join_ && !join_->arguments.empty()) run.result = JoinValue(run.result);
    if (!report_.status.ok()) run.status = cancelled_ ? Status::kCancelled : Status::kFailed;
    report_.run = std::move(run);
    if (const auto done = std::exchange(done_, nullptr)) done(std::move(report_));
  });
}

// What the join returns, given all results by id; failed calls are {"error": text} there already.
Json Planner::State::JoinValue(const Json& results) const {
  Json values = Json::array();
  for (const Template& argument : join_->arguments) {
    absl::StatusOr<Json> value = Substitute(argument, [&](CallId id) -> const Json* {
      const auto found = results.find(std::to_string(id));
      return found == results.end() ? nullptr : &*found;
    });
    values.push_back(value.ok() ? *std::move(value)
                                : Json{{"error", std::string(value.status().message())}});
  }
  if (values.size() > 1) return values;
  Json value = std::move(values[0]);
  return value;
}

void Planner::State::Chat(ChatRequest request, ChatEvents events, Replied replied) {
  events.on_retry = [this](const std::string& why, std::chrono::milliseconds pause) {
    observer_->OnChatRetry(why, pause);
  };
  chat_call_ = chat_.Start(std::move(request), std::move(events),
                           [this, replied](absl::StatusOr<ChatReply> reply) {
                             const auto alive = shared_from_this();
                             // Its last callback: what follows may start another.
                             const std::unique_ptr<ChatCall> ended = std::move(chat_call_);
                             if (!reply.ok()) return Fail(reply.status());
                             report_.usage += reply->usage;
                             (this->*replied)(*std::move(reply));
                           });
}

void Planner::State::Add(PlanCall call) {
  if (ending_) return;
  log_.Add(call.id, call.tool, toPlanText(call));
  run_->Add(std::move(call));
}

void Planner::State::AddBroken(CallId id, std::string tool, std::string line, std::string message) {
  if (ending_) return;
  log_.Add(id, tool, std::move(line));
  run_->AddBroken(id, std::move(tool), std::move(message));
}

void Planner::State::WhenCallsEnd(void (State::*next)()) {
  next_ = next;
  CallsMayHaveEnded();
}

void Planner::State::CallsMayHaveEnded() {
  if (!next_ || !log_.all_ended()) return;
  // Not from within the run, which calls from the middle of its work.
  loop_.Post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || !self->next_ || !self->log_.all_ended()) return;
    const auto next = std::exchange(self->next_, nullptr);
    (self.get()->*next)();
  });
}

void Planner::State::OnStart(CallId id, const std::string& tool, const Json& arguments,
                             int attempt) {
  observer_->OnStart(id, tool, arguments, attempt);
}

void Planner::State::OnProgress(CallId id, double progress, const std::string& message) {
  observer_->OnProgress(id, progress, message);
}

void Planner::State::OnRetry(CallId id, const ToolError& error, std::chrono::milliseconds pause) {
  observer_->OnRetry(id, error, pause);
}

void Planner::State::OnEnd(const CallReport& report) {
  const auto alive = shared_from_this();
  log_.End(report);
  observer_->OnEnd(report);
  CallsMayHaveEnded();
}

void Planner::State::OnApproval(CallId id, const std::string& tool, const Json& arguments,
                                std::function<void(bool)> answer) {
  observer_->OnApproval(id, tool, arguments, std::move(answer));
}

Planner::Planner(EventLoop& loop, ToolRegistry& registry, ChatClient& chat, PlannerOptions options,
                 PlannerObserver* observer)
    : state_(std::make_shared<State>(loop, registry, chat, std::move(options), observer)) {}

Planner::~Planner() { state_->Close(); }

void Planner::Ask(std::string question, std::function<void(PlannerReport)> done) {
  state_->Ask(std::move(question), std::move(done));
}

void Planner::Cancel() { state_->Cancel(); }

Json ToJson(const PlannerReport& report) {
  Json json = ToJson(report.run);
  json["answer"] = report.status.ok() ? Json(report.answer) : Json(nullptr);
  if (!report.status.ok()) json["error"] = std::string(report.status.message());
  json["replans"] = report.replans;
  json["usage"] = {{"prompt_tokens", report.usage.prompt_tokens},
                   {"completion_tokens", report.usage.completion_tokens}};
  return json;
}

}  // namespace heddle
