// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plans in a line, and tools that do what a test says.

#ifndef HEDDLE_TESTS_UNIT_PLAN_RUN_TESTING_H_
#define HEDDLE_TESTS_UNIT_PLAN_RUN_TESTING_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/plan/journal.h"
#include "runtime/plan/plan_run.h"
#include "runtime/tools/event_loop.h"
#include "runtime/tools/tool_registry.h"

namespace heddle::testing {

using std::chrono::milliseconds;

inline Template Ref(CallId call, std::vector<SelectorStep> selector = {}) {
  return {Reference{call, std::move(selector), {}}, {}};
}
inline Template Value(Json value) { return {std::move(value), {}}; }

using Arguments = std::vector<TemplateMember>;

inline PlanCall Call(CallId id, std::string tool, Arguments arguments = {},
                     std::vector<CallId> after = {}) {
  PlanCall call;
  call.id = id;
  call.tool = std::move(tool);
  call.arguments.members = std::move(arguments);
  call.after = std::move(after);
  return call;
}

inline PlanJoin Join(std::vector<Template> arguments = {}) { return {std::move(arguments), {}}; }

inline ToolDescription Describe(std::string name, ToolEffects effects = ToolEffects::kPure) {
  ToolDescription description;
  description.name = std::move(name);
  description.effects = effects;
  return description;
}

// Calls a function, which may answer at once, later, or never.
class FakeTool : public Tool {
 public:
  struct UnderWay : ToolCall {
    ~UnderWay() override { --*in_flight; }
    int* in_flight;
    EventLoop::Timer timer;
  };
  using Body = std::function<void(const Json& arguments, UnderWay& call, Done done)>;

  FakeTool(ToolDescription description, Body body)
      : Tool(std::move(description)), body_(std::move(body)) {}

  std::unique_ptr<ToolCall> StartCall(Json arguments, const ToolCallOptions& options,
                                      Done done) override {
    auto call = std::make_unique<UnderWay>();
    call->in_flight = &in_flight;
    ++started;
    ++in_flight;
    most_at_once = std::max(most_at_once, ++unanswered_);
    seen.push_back(arguments);
    last_options = options;
    body_(arguments, *call, [this, done = std::move(done)](ToolOutcome outcome) {
      --unanswered_;
      done(std::move(outcome));
    });
    return call;
  }

  bool evaluates() const override { return evaluate != nullptr; }
  std::optional<Json> Evaluate(const Json& arguments) const override { return evaluate(arguments); }

  std::function<std::optional<Json>(const Json&)> evaluate;
  int started = 0, most_at_once = 0;
  int in_flight = 0;  // until the call is destroyed
  std::vector<Json> seen;
  ToolCallOptions last_options;

 private:
  const Body body_;
  int unanswered_ = 0;
};

inline FakeTool::Body Failing(ToolError error) {
  return [error](const Json&, auto&, auto done) { done(error); };
}

// What observers were told, as text.
class Recorder : public RunObserver {
 public:
  void OnStart(CallId id, const std::string&, const Json&, int attempt) override {
    events.push_back("start " + std::to_string(id) + (attempt > 1 ? " again" : ""));
  }
  void OnRetry(CallId id, const ToolError&, milliseconds pause) override {
    events.push_back("retry " + std::to_string(id));
    pauses.push_back(pause);
  }
  void OnEnd(const CallReport& call) override {
    events.push_back("end " + std::to_string(call.id) + " " + std::string(ToText(call.status)));
    if (on_end) on_end(call);
  }
  void OnApproval(CallId id, const std::string&, const Json&,
                  std::function<void(bool)> answer) override {
    events.push_back("ask " + std::to_string(id));
    answers.push_back(answer);
    if (approve) answer(*approve);
  }

  std::vector<std::string> events;
  std::vector<milliseconds> pauses;
  std::vector<std::function<void(bool)>> answers;
  std::optional<bool> approve;
  std::function<void(const CallReport&)> on_end;
};

class PlanRunTest : public ::testing::Test {
 protected:
  PlanRunTest() : loop_(*EventLoop::Create()) {}

  FakeTool& AddTool(ToolDescription description, FakeTool::Body body) {
    auto tool = std::make_unique<FakeTool>(std::move(description), std::move(body));
    FakeTool& added = *tool;
    EXPECT_TRUE(registry_->Add(std::move(tool)).ok());
    return added;
  }
  // Returns its arguments at once.
  FakeTool& AddEcho(ToolDescription description) {
    return AddTool(std::move(description),
                   [](const Json& arguments, auto&, auto done) { done(arguments); });
  }
  // Returns its arguments after a while.
  FakeTool& AddSlow(ToolDescription description, milliseconds delay) {
    return AddTool(std::move(description),
                   [this, delay](const Json& arguments, auto& call, auto done) {
                     call.timer = loop_->After(delay, [arguments, done] { done(arguments); });
                   });
  }
  // Never answers.
  FakeTool& AddSilent(ToolDescription description) {
    return AddTool(std::move(description), [](const Json&, auto&, auto) {});
  }

  void Wait(const std::function<bool()>& until) {
    bool late = false;
    auto guard = loop_->After(std::chrono::seconds(20), [&] { late = true; });
    loop_->RunUntil([&] { return late || until(); });
    ASSERT_FALSE(late) << "the run hangs";
  }

  RunReport Run(Plan plan, RunOptions options = {}) {
    PlanRun run(*loop_, *registry_, std::move(options), &recorder_);
    std::optional<RunReport> report;
    run.Start(std::move(plan), [&](RunReport r) { report = std::move(r); });
    Wait([&] { return report.has_value(); });
    return report ? *std::move(report) : RunReport{};
  }

  static std::vector<std::string> Statuses(const RunReport& report) {
    std::vector<std::string> statuses;
    for (const CallReport& call : report.calls) statuses.emplace_back(ToText(call.status));
    return statuses;
  }

  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<ToolRegistry> registry_ = std::make_unique<ToolRegistry>();
  Recorder recorder_;
};

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_UNIT_PLAN_RUN_TESTING_H_
