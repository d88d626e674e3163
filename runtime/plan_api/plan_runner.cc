// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "runtime/plan_api/runner_state.h"
#include "runtime/tools/function_tool.h"

namespace heddle::api {
namespace {

ToolOutcome OutcomeOf(ToolResult result) {
  if (result.failed) return ToolError{.message = std::move(result.text)};
  absl::StatusOr<heddle::Json> value = ParseJson(result.text, {});
  // Like a command's output: JSON where it is, else text.
  return value.ok() ? *std::move(value) : heddle::Json(std::move(result.text));
}

std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

}  // namespace

PlanRunner::State::State() {
  // Fails only where the process has no descriptors left; a constructor can say so no other way.
  absl::StatusOr<std::unique_ptr<EventLoop>> created = EventLoop::Create();
  if (!created.ok()) throw std::runtime_error(MessageOf(created.status()));
  loop = *std::move(created);
  tools = std::make_unique<ToolSet>(*loop);
  catalog = std::make_unique<RegistryCatalog>(tools->registry());
  thread_ = std::thread([this] {
    loop->RunUntil([this] { return stopped_; });
    bool closed = false;
    tools->Close([&closed] { closed = true; });  // servers hear of the end
    loop->RunUntil([&closed] { return closed; });
    tools.reset();  // on the loop's thread, as everything about tools
  });
}

PlanRunner::State::~State() {
  loop->Post([this] { stopped_ = true; });
  thread_.join();
}

PlanRunner::PlanRunner() : state_(std::make_unique<State>()) {}
PlanRunner::~PlanRunner() = default;

std::string PlanRunner::AddFunction(std::string_view description, Function function) {
  absl::StatusOr<ToolDescription> parsed = ParseToolDescription(description);
  if (!parsed.ok()) return MessageOf(parsed.status());
  return state_->Call([&] {
    return MessageOf(state_->tools->registry().Add(
        MakeFunctionTool(*std::move(parsed), state_->tools->host().threads,
                         [function = std::move(function)](const heddle::Json& arguments) {
                           return OutcomeOf(function(ToText(arguments)));
                         })));
  });
}

std::string PlanRunner::AddAsyncFunction(std::string_view description, AsyncFunction function) {
  absl::StatusOr<ToolDescription> parsed = ParseToolDescription(description);
  if (!parsed.ok()) return MessageOf(parsed.status());
  return state_->Call([&] {
    return MessageOf(state_->tools->registry().Add(MakeAsyncFunctionTool(
        *std::move(parsed), *state_->loop,
        [function = std::move(function)](heddle::Json arguments, const ToolCallOptions&,
                                         Tool::Done done) -> std::unique_ptr<ToolCall> {
          function(ToText(arguments), [done = std::move(done)](ToolResult result) {
            done(OutcomeOf(std::move(result)));
          });
          return nullptr;
        })));
  });
}

std::string PlanRunner::AddToolsFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return "cannot open " + path;
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  absl::StatusOr<ToolsFile> parsed = ParseToolsFile(text, path, EnvironmentVariable);
  if (!parsed.ok()) return MessageOf(parsed.status());
  return state_->Call([&] { return MessageOf(state_->tools->Add(*parsed)); });
}

}  // namespace heddle::api
