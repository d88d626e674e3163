// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "runtime/plan/run_state.h"

namespace heddle {

void PlanRun::State::Start(Plan plan, std::function<void(RunReport)> done) {
  holding_ = true;
  for (PlanCall& call : plan.calls) Add(std::move(call));
  holding_ = false;
  Finish(std::move(plan.join), std::move(done));
}

RunCall& PlanRun::State::NewCall(CallId id, std::string tool) {
  uint32_t index = static_cast<uint32_t>(calls_.size());
  index_of_.emplace(id, index);
  RunCall& call = calls_.emplace_back();
  call.report.id = id;
  call.report.tool = std::move(tool);
  return call;
}

void PlanRun::State::Add(PlanCall plan_call) {
  if (options_.journal) options_.journal->RecordCall(plan_call);
  uint32_t index = static_cast<uint32_t>(calls_.size());
  bool taken = index_of_.count(plan_call.id) != 0;
  RunCall& call = NewCall(plan_call.id, plan_call.tool);
  if (stopped_ != Stopped::kNo) {
    Fail(index, CallStatus::kCancelled, stop_reason_);
  } else if (taken) {
    Fail(index, CallStatus::kError, absl::StrCat("there is a call ", plan_call.id, " already"));
  } else if (auto wrong = Connect(call, index, plan_call)) {
    Fail(index, CallStatus::kError, *wrong);
  } else {
    if (call.tool->evaluates()) call.folded = folder_.Fold(plan_call, call.tool->description());
    call.arguments = std::move(plan_call.arguments);
    WaitForAll(index);
  }
  if (!holding_ && calls_.size() >= next_rescore_) Rescore();
  Pump();
}

void PlanRun::State::AddBroken(CallId id, std::string tool, std::string message) {
  if (options_.journal) options_.journal->RecordBroken({id, tool, message});
  uint32_t index = static_cast<uint32_t>(calls_.size());
  NewCall(id, std::move(tool));
  Fail(index, CallStatus::kError, std::move(message));
  Pump();
}

// What it uses and what it comes after, or what is wrong with it.
std::optional<std::string> PlanRun::State::Connect(RunCall& call, uint32_t index,
                                                   const PlanCall& plan_call) {
  Tool* tool = registry_.Find(plan_call.tool);
  if (tool == nullptr) return absl::StrCat("there is no tool named ", plan_call.tool);
  std::optional<CallId> missing;
  auto earlier = [&](CallId id, std::vector<uint32_t>& list) {
    auto found = index_of_.find(id);
    if (found == index_of_.end() || found->second == index) {
      missing = id;
    } else if (std::find(list.begin(), list.end(), found->second) == list.end()) {
      list.push_back(found->second);
    }
  };
  for (const TemplateMember& member : plan_call.arguments.members) {
    VisitReferences(member.value,
                    [&](const Reference& reference) { earlier(reference.call, call.uses); });
  }
  for (CallId id : plan_call.after) earlier(id, call.orders);
  if (missing) return absl::StrCat("there is no call ", *missing, " before it");

  call.tool = tool;
  call.tool_slot = SlotOf(tool);
  const ToolDescription& description = tool->description();
  std::vector<uint32_t> order = effect_order_.Add(index, description.effects, description.resource);
  call.orders.insert(call.orders.end(), order.begin(), order.end());
  std::sort(call.orders.begin(), call.orders.end());
  call.orders.erase(std::unique(call.orders.begin(), call.orders.end()), call.orders.end());
  call.follows_write = description.effects == ToolEffects::kWrite;
  for (const auto* list : {&call.uses, &call.orders}) {
    for (uint32_t before : *list) call.follows_write |= calls_[before].follows_write;
  }
  return std::nullopt;
}

void PlanRun::State::WaitForAll(uint32_t index) {
  RunCall& call = calls_[index];
  call.urgency = costs_.CostOf(call.tool->description());
  for (const auto* list : {&call.uses, &call.orders}) {
    for (uint32_t before : *list) {
      if (calls_[before].stage == CallStage::kEnded) continue;
      calls_[before].waiting.push_back(index);
      ++call.waits;
    }
  }
  if (call.waits == 0) became_ready_.push_back(index);
}

uint32_t PlanRun::State::SlotOf(Tool* tool) {
  auto [place, is_new] = slots_.emplace(tool, 0);
  if (is_new) place->second = ready_.AddTool(tool->description());
  return place->second;
}

// The longest way from each call to the end changes with every call that is added; looking at it when
// their number has doubled makes that a constant per call.
void PlanRun::State::Rescore() {
  next_rescore_ = 2 * calls_.size();
  std::vector<TimedCall> timed(calls_.size());
  for (size_t index = 0; index < calls_.size(); ++index) {
    const RunCall& call = calls_[index];
    if (call.tool && !call.dropped) timed[index].cost_ms = costs_.CostOf(call.tool->description());
    timed[index].waits_for = call.uses;
    timed[index].waits_for.insert(timed[index].waits_for.end(), call.orders.begin(),
                                  call.orders.end());
  }
  std::vector<double> urgencies = Urgencies(timed);
  for (uint32_t index = 0; index < calls_.size(); ++index) {
    RunCall& call = calls_[index];
    if (call.stage == CallStage::kQueued) {
      ready_.Remove(index, call.tool_slot, call.urgency);
      ready_.Push(index, call.tool_slot, urgencies[index]);
    }
    call.urgency = urgencies[index];
  }
}

}  // namespace heddle
