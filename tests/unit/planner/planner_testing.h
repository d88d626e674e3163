// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Questions to a scripted model with tools that keep what they were asked, and when.

#ifndef HEDDLE_TESTS_UNIT_PLANNER_PLANNER_TESTING_H_
#define HEDDLE_TESTS_UNIT_PLANNER_PLANNER_TESTING_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "runtime/planner/planner.h"
#include "runtime/tools/function_tool.h"
#include "tests/unit/planner/chat_server.h"
#include "tests/unit/tools/loop_testing.h"

namespace heddle {

class PlannerTest : public LoopTest, public PlannerObserver {
 protected:
  using milliseconds = std::chrono::milliseconds;

  // Answers "NAME(q)" after a time; fails as long as its argument is in `failing_`.
  void AddTool(const std::string& name, ToolEffects effects, const std::string& resource = "",
               bool idempotent = false, milliseconds takes = milliseconds(0)) {
    ToolDescription description;
    description.name = name;
    description.effects = effects;
    description.resource = resource;
    description.idempotent = idempotent;
    description.description = "A tool for tests.";
    description.input_schema = {
        {"type", "object"}, {"properties", {{"q", {{"type", "string"}}}}}, {"required", {"q"}}};
    ASSERT_TRUE(registry_
                    .Add(MakeAsyncFunctionTool(
                        std::move(description), loop(),
                        [this, name, takes](Json arguments, const ToolCallOptions&,
                                            Tool::Done done) -> std::unique_ptr<ToolCall> {
                          struct Waiting : ToolCall {
                            EventLoop::Timer timer;
                          };
                          const std::string q = arguments["q"];
                          made_.push_back(name + "(" + q + ")");
                          started_ms_.push_back(MsSince(begin_));
                          auto call = std::make_unique<Waiting>();
                          const bool fails = failing_.count(q) > 0;
                          call->timer = loop().After(takes, [=] {
                            if (fails)
                              done(ToolError{"no " + q});
                            else
                              done(Json(name + "(" + q + ")"));
                          });
                          return call;
                        }))
                    .ok());
  }

  void Begin(ChatServer& server, PlannerOptions options = {}) {
    AddTool("read", ToolEffects::kRead);
    AddTool("write", ToolEffects::kWrite);
    AddTool("put", ToolEffects::kWrite, "shelf", /*idempotent=*/true);
    AddTool("take", ToolEffects::kWrite, "shelf");
    AddTool("slow", ToolEffects::kRead, "", false, milliseconds(100));
    chat_ =
        ChatClient::Create(loop(), http_,
                           {.url = server.url(), .model = "scripted", .backoff = milliseconds(10)})
            .value();
    planner_ = std::make_unique<Planner>(loop(), registry_, *chat_, options, this);
    begin_ = EventLoop::Clock::now();
    planner_->Ask("Why?", [this](PlannerReport report) {
      report_ = std::move(report);
      ended_ = true;
    });
  }
  void Ask(ChatServer& server, PlannerOptions options = {}) {
    Begin(server, options);
    HEDDLE_RUN_UNTIL(loop(), ended_);
  }
  std::string error() const { return std::string(report_.status.message()); }
  std::vector<std::string> statuses() const {
    std::vector<std::string> result;
    for (const CallReport& call : report_.run.calls) {
      result.push_back(std::to_string(call.id) + " " + std::string(ToText(call.status)));
    }
    return result;
  }

  HttpClient http_{loop(), {}};
  ToolRegistry registry_;
  std::unique_ptr<ChatClient> chat_;
  std::unique_ptr<Planner> planner_;
  PlannerReport report_;
  bool ended_ = false;
  EventLoop::Clock::time_point begin_;
  std::vector<std::string> made_;
  std::vector<double> started_ms_;
  std::set<std::string> failing_;
};

}  // namespace heddle

#endif  // HEDDLE_TESTS_UNIT_PLANNER_PLANNER_TESTING_H_
