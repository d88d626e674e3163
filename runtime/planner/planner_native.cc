// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/planner/planner_state.h"
#include "runtime/planner/prompts.h"

namespace heddle {

// While the reply still arrives: its arguments are complete.
void Planner::State::OnNativeCall(const ChatToolCall& call) {
  const auto alive = shared_from_this();
  if (ending_) return;
  if (!native_) native_.emplace(catalog_.tools());
  const CallId id = log_.next_id();
  native_calls_.emplace_back(call.id, id);
  absl::StatusOr<PlanCall> plan_call = native_->ToPlanCall(call, id);
  if (log_.size() >= options_.max_calls) {
    plan_call = absl::ResourceExhaustedError(
        absl::StrCat("there were ", options_.max_calls, " calls already, which is the limit"));
  }
  if (plan_call.ok()) return Add(*std::move(plan_call));
  AddBroken(id, call.name, absl::StrCat(id, ". ", call.name, "(", call.arguments, ")"),
            std::string(plan_call.status().message()));
}

void Planner::State::NativeTurn(ChatReply reply) {
  if (messages_.empty() || messages_[0].content != kNativeRules) {
    messages_ = {{"system", std::string(kNativeRules)}, {"user", question_}};
  }
  // The answers name the calls, also where the server did not.
  for (size_t i = 0; i < reply.tool_calls.size() && i < native_calls_.size(); ++i) {
    ChatToolCall& call = reply.tool_calls[i];
    if (call.id.empty()) call.id = absl::StrCat("call_", native_calls_[i].second);
    native_calls_[i].first = call.id;
  }
  messages_.push_back({"assistant", std::move(reply.content), std::move(reply.tool_calls)});
  WhenCallsEnd(&State::ContinueNative);
}

void Planner::State::ContinueNative() {
  for (const auto& [call_id, id] : std::exchange(native_calls_, {})) {
    messages_.push_back({"tool", log_.ResultText(id), {}, call_id});
  }
  run_->BeginRound();
  const bool may_call = report_.replans < options_.max_replans;
  ChatEvents events;
  if (may_call) events.on_tool_call = [this](const ChatToolCall& call) { OnNativeCall(call); };
  Chat({.messages = messages_, .tools = native_->tools(), .tool_choice = may_call ? "" : "none"},
       std::move(events), &State::NativeReply);
}

void Planner::State::NativeReply(ChatReply reply) {
  if (reply.tool_calls.empty()) {
    if (reply.content.empty()) return Fail(absl::DataLossError("the language model said nothing"));
    report_.answer = std::move(reply.content);
    return End();
  }
  if (report_.replans == options_.max_replans) {
    return Fail(absl::ResourceExhaustedError(absl::StrCat(
        "no answer after ", report_.replans, " further rounds of calls (see --max-replans)")));
  }
  ++report_.replans;
  observer_->OnRound(++round_, reply.content);
  if (!ending_) NativeTurn(std::move(reply));
}

}  // namespace heddle
