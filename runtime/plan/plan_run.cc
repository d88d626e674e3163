// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/plan/plan_run.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/plan/run_state.h"

namespace heddle {

PlanRun::State::State(EventLoop& loop, ToolRegistry& registry, RunOptions options,
                      RunObserver* observer)
    : loop_(loop),
      registry_(registry),
      options_(std::move(options)),
      observer_(observer ? observer : &silent_),
      costs_(options_.costs ? *options_.costs : own_costs_),
      folder_([this](const std::string& tool, const Json& arguments) {
        return registry_.Evaluate(tool, arguments);
      }),
      ready_(options_.max_parallel) {}

void PlanRun::State::Begin() {
  if (!options_.timeout) return;
  deadline_ = began_ + *options_.timeout;
  deadline_timer_ = loop_.At(*deadline_, [weak = weak_from_this(), limit = *options_.timeout] {
    if (auto self = weak.lock()) {
      self->Stop(/*cancelled=*/false,
                 absl::StrCat("the plan's time of ", limit.count(), " ms is over"));
    }
  });
}

double PlanRun::State::Since(EventLoop::Clock::time_point when) const {
  return std::chrono::duration<double, std::milli>(when - began_).count();
}

PlanRun::PlanRun(EventLoop& loop, ToolRegistry& registry, RunOptions options, RunObserver* observer)
    : state_(std::make_shared<State>(loop, registry, std::move(options), observer)) {
  state_->Begin();
}

PlanRun::~PlanRun() { state_->Close(); }

void PlanRun::Start(Plan plan, std::function<void(RunReport)> done) {
  state_->Start(std::move(plan), std::move(done));
}

void PlanRun::Add(PlanCall call) { state_->Add(std::move(call)); }

void PlanRun::AddBroken(CallId id, std::string tool, std::string message) {
  state_->AddBroken(id, std::move(tool), std::move(message));
}

void PlanRun::Finish(std::optional<PlanJoin> join, std::function<void(RunReport)> done) {
  state_->Finish(std::move(join), std::move(done));
}

void PlanRun::BeginRound() { state_->BeginRound(); }

void PlanRun::Cancel() { state_->Stop(/*cancelled=*/true, "cancelled"); }

}  // namespace heddle
