// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inside a Planner. A question goes through:
//
//   load tools --> plan [--> correct] --> calls end --> join --> answer
//                   ^                                    |
//                   '--------------- replan -------------'
//
// or, with a model that makes calls by itself:
//
//   load tools --> native calls --> calls end --> native turn --> answer
//                        ^                             |
//                        '----------- calls -----------'
//
//   planner.cc        its begin and end, and the calls
//   planner_rounds.cc the text of plans, and what comes after them
//   planner_native.cc turns with native calls

#ifndef HEDDLE_RUNTIME_PLANNER_PLANNER_STATE_H_
#define HEDDLE_RUNTIME_PLANNER_PLANNER_STATE_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "frontends/plan/RegistryCatalog.h"
#include "runtime/planner/call_log.h"
#include "runtime/planner/native_calls.h"
#include "runtime/planner/plan_round.h"
#include "runtime/planner/planner.h"

namespace heddle {

class Planner::State : public std::enable_shared_from_this<Planner::State>,
                       private CallSink,
                       private RunObserver {
 public:
  State(EventLoop& loop, ToolRegistry& registry, ChatClient& chat, PlannerOptions options,
        PlannerObserver* observer);

  void Ask(std::string question, std::function<void(PlannerReport)> done);
  void Cancel();
  // The owner is gone: nobody is called any more.
  void Close();

 private:
  using Replied = void (State::*)(ChatReply);

  // planner.cc
  void Fail(absl::Status status);
  void End();
  void Chat(ChatRequest request, ChatEvents events, Replied replied);
  void WhenCallsEnd(void (State::*next)());
  void CallsMayHaveEnded();
  Json JoinValue(const Json& results) const;

  // planner_rounds.cc
  void StartRound(const std::string& why);
  void PlanIsWritten(ChatReply reply);
  void AskForCorrection(std::string plan, const std::string& errors);
  void CorrectionIsWritten(ChatReply reply);
  void RoundIsWritten();
  void Join();
  void Decided(ChatReply reply);

  // planner_native.cc
  void OnNativeCall(const ChatToolCall& call);
  void NativeTurn(ChatReply reply);
  void ContinueNative();
  void NativeReply(ChatReply reply);

  // CallSink
  void Add(PlanCall call) override;
  void AddBroken(CallId id, std::string tool, std::string line, std::string message) override;

  // RunObserver
  void OnStart(CallId id, const std::string& tool, const Json& arguments, int attempt) override;
  void OnProgress(CallId id, double progress, const std::string& message) override;
  void OnRetry(CallId id, const ToolError& error, std::chrono::milliseconds pause) override;
  void OnEnd(const CallReport& report) override;
  void OnApproval(CallId id, const std::string& tool, const Json& arguments,
                  std::function<void(bool)> answer) override;

  EventLoop& loop_;
  ToolRegistry& registry_;
  const RegistryCatalog catalog_;
  ChatClient& chat_;
  const PlannerOptions options_;
  PlannerObserver silent_;
  PlannerObserver* observer_;

  std::string question_;
  std::function<void(PlannerReport)> done_;
  PlannerReport report_;
  std::unique_ptr<PlanRun> run_;
  std::unique_ptr<ChatCall> chat_call_;
  EventLoop::Timer deadline_;
  CallLog log_;
  int round_ = 0;
  bool cancelled_ = false, ending_ = false;
  void (State::*next_)() = nullptr;  // once all calls have ended

  std::vector<ChatMessage> messages_;  // of this round's planner, or of the native turns
  std::unique_ptr<PlanRound> plan_round_;
  std::optional<PlanJoin> join_;
  bool corrected_ = false;  // this round's plan was sent back
  bool decision_asked_again_ = false;

  std::optional<NativeTools> native_;  // once the model made a call by itself
  std::vector<std::pair<std::string, CallId>> native_calls_;  // of this turn
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLANNER_PLANNER_STATE_H_
