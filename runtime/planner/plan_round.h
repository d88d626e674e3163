// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The text of one plan as the model writes it, and the calls in it, each passed on the moment it is
// complete. A call that is wrong is held back, with those that use it and those whose effects must
// follow it, until the model has corrected it or not:
//
//   PlanRound round(catalog, options, sink);
//   round.Feed(token); ...; round.End();
//   if (round.needs_correction()) ... ask with round.errors() ... round.Correct(reply);
//   round.GiveUp();   // what is still wrong fails alone
//
// A correction is the wrong lines alone, or the whole plan anew: what has been passed on and is in
// it again is the same call, and what it does not have any more stays.
//
// Thread-safety: none. The catalog and the sink outlive it.

#ifndef HEDDLE_RUNTIME_PLANNER_PLAN_ROUND_H_
#define HEDDLE_RUNTIME_PLANNER_PLAN_ROUND_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "frontends/plan/PlanReader.h"

namespace heddle {

class CallSink {
 public:
  virtual ~CallSink() = default;
  virtual void Add(PlanCall call) = 0;
  virtual void AddBroken(CallId id, std::string tool, std::string line, std::string message) = 0;
};

class PlanRound : private PlanListener {
 public:
  PlanRound(const ToolCatalog& catalog, PlanReadOptions options, CallSink& sink);

  void Feed(std::string_view text) { stream_.feed(text); }
  void End() { stream_.end(); }

  // Neither calls nor a join nor anything that was meant to be one.
  bool is_empty() const { return added_.empty() && pending_.empty() && !join_ && errors_.empty(); }
  bool needs_correction() const { return !errors_.empty(); }
  const std::string& errors() const { return errors_; }
  void Correct(std::string_view reply);
  void GiveUp();

  const std::optional<PlanJoin>& join() const { return join_; }

 private:
  struct Broken {
    CallId id = 0;
    std::string tool, line, message;
  };
  using Statement = std::variant<PlanCall, Broken>;
  struct Reply;

  void onCall(PlanCall call) override;
  void onBroken(BrokenCall call) override;
  void onJoin(PlanJoin join) override { join_ = std::move(join); }
  void onDiagnostic(const PlanDiagnostic& diagnostic) override;

  static CallId IdOf(const Statement& statement);
  Reply Read(std::string_view text, std::vector<std::pair<CallId, std::string>> earlier) const;
  void CorrectLines(Reply reply);
  void Replace(Reply reply);
  // Passes on what waits for nothing that is held.
  void PassOnPending(bool broken_too);
  void PassOn(PlanCall call);
  bool MustWait(const PlanCall& call) const;
  void Hold(Statement statement);

  const ToolCatalog& catalog_;
  const PlanReadOptions options_;
  CallSink& sink_;
  PlanStream stream_;
  std::vector<std::pair<CallId, std::string>> added_;  // in this round, with their tools
  std::multimap<std::string, CallId> added_by_text_;   // tool and arguments
  std::vector<Statement> pending_;                     // held, in the order of the text
  std::set<CallId> held_;
  std::map<std::string, bool> held_resources_;  // with whether one that is held writes it
  bool unknown_held_ = false;                   // it may write anything
  std::optional<PlanJoin> join_;
  std::string errors_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLANNER_PLAN_ROUND_H_
