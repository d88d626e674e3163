// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An MCP server in a test: its tools are loaded and called, and each call waits for its end.

#ifndef HEDDLE_TESTS_UNIT_TOOLS_MCP_MCP_TESTING_H_
#define HEDDLE_TESTS_UNIT_TOOLS_MCP_MCP_TESTING_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/tools/mcp/mcp_server.h"
#include "tests/unit/tools/loop_testing.h"

namespace heddle {

class McpTest : public LoopTest {
 protected:
  // The tools are in `tools` when this returns.
  absl::Status Load(McpServerOptions options) {
    if (options.name.empty()) options.name = "test";
    options.warn = [this](const std::string& line) { warnings.push_back(line); };
    source = MakeMcpServer(loop(), client_, std::move(options));
    std::optional<absl::Status> status;
    source->Load([&](absl::Status loaded, std::vector<std::unique_ptr<Tool>> list) {
      status = loaded;
      for (auto& tool : list) tools[tool->description().name] = std::move(tool);
    });
    if (!RunFor(loop(), std::chrono::seconds(60), [&] { return status.has_value(); })) {
      return absl::InternalError("the source never called back");
    }
    return *status;
  }

  struct Running {
    std::optional<ToolOutcome> outcome;
    std::unique_ptr<ToolCall> call;
  };

  std::unique_ptr<Running> Start(const std::string& tool, Json arguments,
                                 const ToolCallOptions& options = {}) {
    auto running = std::make_unique<Running>();
    if (!tools.contains(tool)) {
      running->outcome = ToolError{.message = "no such tool in the test: " + tool};
      return running;
    }
    running->call = tools[tool]->StartCall(
        std::move(arguments), options,
        [r = running.get()](ToolOutcome outcome) { r->outcome = std::move(outcome); });
    return running;
  }

  // The result, or {"error": text}.
  Json Wait(Running& running) {
    if (!RunFor(loop(), std::chrono::seconds(60), [&] { return running.outcome.has_value(); })) {
      return {{"error", "the call never ended"}};
    }
    if (const auto* error = std::get_if<ToolError>(&*running.outcome))
      return {{"error", error->message}};
    return std::get<Json>(*running.outcome);
  }
  Json Call(const std::string& tool, Json arguments, const ToolCallOptions& options = {}) {
    return Wait(*Start(tool, std::move(arguments), options));
  }

  void Pause(std::chrono::milliseconds time) {
    RunFor(loop(), time, [] { return false; });
  }

  HttpClient client_{loop(), {}};
  std::vector<std::string> warnings;
  std::unique_ptr<ToolSource> source;
  std::map<std::string, std::unique_ptr<Tool>> tools;
};

MATCHER_P(IsError, text, "") {
  return arg.is_object() && arg.contains("error") &&
         testing::ExplainMatchResult(testing::HasSubstr(text),
                                     arg["error"].template get<std::string>(), result_listener);
}

}  // namespace heddle

#endif  // HEDDLE_TESTS_UNIT_TOOLS_MCP_MCP_TESTING_H_
