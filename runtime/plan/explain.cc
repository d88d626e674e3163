// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/plan/explain.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/plan/dead_calls.h"
#include "runtime/plan/duplicates.h"
#include "runtime/plan/effect_order.h"

namespace heddle {
namespace {

void AddUnique(std::vector<uint32_t>& list, uint32_t value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

class Explainer {
 public:
  Explainer(const Plan& plan, const ToolOf& tool_of, const Evaluate& evaluate,
            const ToolCosts& costs)
      : plan_(plan), folder_(evaluate), costs_(costs), notes_(plan.calls.size()) {
    for (const PlanCall& call : plan.calls) tools_.push_back(tool_of(call.tool));
  }

  PlanExplanation Run() {
    for (uint32_t index = 0; index < plan_.calls.size(); ++index) AddCall(index);
    if (plan_.join && !plan_.join->arguments.empty()) DropDeadCalls();
    std::vector<TimedCall> timed;
    for (uint32_t index = 0; index < plan_.calls.size(); ++index) {
      const ExplainedCall& call = result_.calls[index];
      timed.push_back({call.runs ? costs_.CostOf(*tools_[index]) : 0, call.uses});
      for (uint32_t earlier : call.orders) AddUnique(timed.back().waits_for, earlier);
      if (leader_[index] != index) timed.back().waits_for = {leader_[index]};
    }
    result_.schedule = ScheduleIdeally(timed);
    FindBatches();
    for (auto& notes : notes_) {
      for (Explanation& note : notes) result_.explanations.push_back(std::move(note));
    }
    return std::move(result_);
  }

 private:
  using Kind = Explanation::Kind;

  void Note(Kind kind, uint32_t call, std::optional<uint32_t> other, std::string reason) {
    std::optional<CallId> id;
    if (other) id = plan_.calls[*other].id;
    notes_[call].push_back({kind, plan_.calls[call].id, id, std::move(reason)});
  }

  void AddCall(uint32_t index) {
    const PlanCall& call = plan_.calls[index];
    const ToolDescription& tool = *tools_[index];
    ExplainedCall& explained = result_.calls.emplace_back();
    explained.id = call.id;
    index_of_[call.id] = index;
    leader_.push_back(index);

    Template arguments{call.arguments, {}};
    VisitReferences(arguments, [&](const Reference& reference) {
      AddUnique(explained.uses, leader_[index_of_[reference.call]]);
    });
    for (CallId id : call.after) {
      AddUnique(explained.orders, leader_[index_of_[id]]);
      Note(Kind::kOrdered, index, index_of_[id], "the plan says `after`");
    }
    for (uint32_t earlier : order_.Add(index, tool.effects, tool.resource)) {
      AddUnique(explained.orders, leader_[earlier]);
      bool reads = tool.effects == ToolEffects::kRead;
      Note(Kind::kOrdered, index, earlier,
           absl::StrCat(reads ? "it reads " : "it writes ", tool.resource, ", which that ",
                        tools_[earlier]->effects == ToolEffects::kRead ? "reads" : "writes"));
    }
    std::vector<uint32_t> writes_before;
    for (const auto* list : {&explained.uses, &explained.orders}) {
      for (uint32_t earlier : *list) {
        if (follows_write_[earlier]) AddUnique(writes_before, earlier);
      }
    }
    std::sort(writes_before.begin(), writes_before.end());
    follows_write_.push_back(tool.effects == ToolEffects::kWrite || !writes_before.empty());

    if (const Json* value = folder_.Fold(call, tool)) {
      explained.folded = *value;
      explained.runs = false;
      Note(Kind::kFolded, index, std::nullopt,
           absl::StrCat("its arguments are constant: the result is ", ToText(*value)));
      return;
    }
    std::string canonical = CanonicalText(
        arguments, [this](CallId id) { return plan_.calls[leader_[index_of_[id]]].id; });
    if (auto leader = duplicates_.Add(index, call.tool, tool.effects, canonical, writes_before)) {
      leader_[index] = *leader;
      explained.runs = false;
      Note(Kind::kMerged, index, *leader,
           tool.effects == ToolEffects::kPure
               ? "the same pure call with equal arguments"
               : "the same read with equal arguments, and no write between them");
    }
  }

  void DropDeadCalls() {
    std::vector<CallUses> uses;
    for (uint32_t index = 0; index < plan_.calls.size(); ++index) {
      uses.push_back({tools_[index]->effects == ToolEffects::kPure, result_.calls[index].uses});
      // A merged call is needed where its users are, and they use the leader already.
      if (leader_[index] != index) uses.back() = {true, {}};
    }
    std::vector<uint32_t> joined;
    for (const Template& argument : plan_.join->arguments) {
      VisitReferences(argument, [&](const Reference& reference) {
        joined.push_back(leader_[index_of_[reference.call]]);
      });
    }
    std::vector<bool> dead = FindDeadCalls(uses, joined);
    for (uint32_t index = 0; index < plan_.calls.size(); ++index) {
      if (!dead[index] || !result_.calls[index].runs) continue;
      result_.calls[index].runs = false;
      Note(Kind::kDropped, index, std::nullopt, "it is pure and nothing that is needed uses it");
    }
  }

  // Calls of one tool that become ready at one time go together.
  void FindBatches() {
    std::map<std::pair<std::string, double>, std::vector<uint32_t>> open;
    for (uint32_t index = 0; index < plan_.calls.size(); ++index) {
      if (!result_.calls[index].runs || tools_[index]->batch_size.value_or(1) < 2) continue;
      auto& batch = open[{plan_.calls[index].tool, result_.schedule.start_ms[index]}];
      if (batch.size() >= static_cast<size_t>(*tools_[index]->batch_size)) batch.clear();
      batch.push_back(index);
      if (batch.size() > 1) {
        Note(Kind::kBatched, index, batch.front(),
             absl::StrCat("both are ready at once and ", plan_.calls[index].tool, " takes up to ",
                          *tools_[index]->batch_size, " calls as one"));
      }
    }
  }

  const Plan& plan_;
  ConstantFolder folder_;
  const ToolCosts& costs_;
  std::vector<const ToolDescription*> tools_;
  std::unordered_map<CallId, uint32_t> index_of_;
  std::vector<uint32_t> leader_;     // the call that stands for each
  std::vector<bool> follows_write_;  // writes, or waits for one
  EffectOrder order_;
  Duplicates duplicates_;
  std::vector<std::vector<Explanation>> notes_;  // by call
  PlanExplanation result_;
};

}  // namespace

std::string_view ToText(Explanation::Kind kind) {
  constexpr std::string_view kNames[] = {"ordered", "merged", "dropped", "folded", "batched"};
  return kNames[static_cast<int>(kind)];
}

PlanExplanation Explain(const Plan& plan, const ToolOf& tool_of, const Evaluate& evaluate,
                        const ToolCosts& costs) {
  return Explainer(plan, tool_of, evaluate, costs).Run();
}

}  // namespace heddle
