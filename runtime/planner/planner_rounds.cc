// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "runtime/planner/decision.h"
#include "runtime/planner/planner_state.h"
#include "runtime/planner/prompts.h"
#include "runtime/support/text.h"

namespace heddle {

void Planner::State::StartRound(const std::string& why) {
  observer_->OnRound(++round_, why);
  corrected_ = decision_asked_again_ = false;
  PlanReadOptions options;
  options.requireJoin = false;
  options.maxCalls = options_.max_calls - std::min(options_.max_calls, log_.size());
  options.earlier = log_.ToolsById();
  plan_round_ =
      std::make_unique<PlanRound>(catalog_, std::move(options), static_cast<CallSink&>(*this));
  messages_ = {{"system", PlannerPrompt(catalog_.tools(), options_.examples)},
               {"user", PlannerQuestion(question_, log_.next_id(), log_.Text(), why)}};
  ChatEvents events;
  events.on_content = [this](std::string_view text) {
    const auto alive = shared_from_this();
    observer_->OnPlanText(text);
    if (!ending_) plan_round_->Feed(text);
  };
  events.on_tool_call = [this](const ChatToolCall& call) { OnNativeCall(call); };
  Chat({.messages = messages_}, std::move(events), &State::PlanIsWritten);
}

void Planner::State::PlanIsWritten(ChatReply reply) {
  // What a model says beside calls of its own is no plan.
  if (!reply.tool_calls.empty()) return NativeTurn(std::move(reply));
  plan_round_->End();
  if (plan_round_->is_empty()) {
    if (reply.content.empty()) return Fail(absl::DataLossError("the language model said nothing"));
    return AskForCorrection(std::move(reply.content), std::string(kNoPlan));
  }
  if (!plan_round_->needs_correction()) return RoundIsWritten();
  const std::string errors = plan_round_->errors();
  observer_->OnCorrection(errors);
  AskForCorrection(std::move(reply.content),
                   absl::StrReplaceAll(Absl(kCorrectionRules), {{"{errors}", errors}}));
}

void Planner::State::AskForCorrection(std::string plan, const std::string& errors) {
  corrected_ = true;
  messages_.push_back({"assistant", std::move(plan)});
  messages_.push_back({"user", errors});
  Chat({.messages = messages_}, {}, &State::CorrectionIsWritten);
}

void Planner::State::CorrectionIsWritten(ChatReply reply) {
  const auto alive = shared_from_this();
  plan_round_->Correct(reply.content);
  plan_round_->GiveUp();
  if (plan_round_->is_empty()) {
    return Fail(absl::DataLossError(absl::StrCat(
        "the language model wrote no plan, asked twice; it said ", Quoted(reply.content))));
  }
  RoundIsWritten();
}

void Planner::State::RoundIsWritten() {
  if (ending_) return;
  join_ = plan_round_->join();
  WhenCallsEnd(&State::Join);
}

void Planner::State::Join() {
  observer_->OnJoin();
  if (ending_) return;
  const bool may_replan = report_.replans < options_.max_replans;
  messages_ = {{"system", JoinerPrompt(may_replan)},
               {"user", JoinerQuestion(question_, log_.Text())}};
  Chat({.messages = messages_, .response_format = JoinerFormat(may_replan)}, {}, &State::Decided);
}

void Planner::State::Decided(ChatReply reply) {
  std::optional<Decision> decision = ParseDecision(reply.content);
  const bool may_replan = report_.replans < options_.max_replans;
  if (!decision) {
    if (std::exchange(decision_asked_again_, true)) {
      return Fail(absl::DataLossError(absl::StrCat(
          "the language model decided nothing, asked twice; it said ", Quoted(reply.content))));
    }
    messages_.push_back({"assistant", reply.content});
    messages_.push_back({"user", std::string(kNoDecision)});
    return Chat({.messages = messages_, .response_format = JoinerFormat(may_replan)}, {},
                &State::Decided);
  }
  if (decision->finish) {
    report_.answer = std::move(decision->answer);
    return End();
  }
  if (!may_replan) {
    return Fail(absl::ResourceExhaustedError(
        absl::StrCat("no answer after ", report_.replans,
                     " further plans (see --max-replans): ", decision->thought)));
  }
  ++report_.replans;
  run_->BeginRound();
  StartRound(decision->thought);
}

}  // namespace heddle
