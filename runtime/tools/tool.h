// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tool: what a plan may call. A description says what it takes and what it does to the world; a
// Tool starts calls of it. Commands, HTTP endpoints, MCP servers, compiled models, builtins and
// functions of the host program are tools.
//
// Threads: StartCall and everything a Tool does happens on the thread of its EventLoop, and never
// blocks it: work that takes time is a child process, a socket, a timer, or runs on other threads
// and posts its outcome to the loop.
// Ownership: the registry owns tools; a tool outlives its calls.

#ifndef HEDDLE_RUNTIME_TOOLS_TOOL_H_
#define HEDDLE_RUNTIME_TOOLS_TOOL_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "runtime/plan/json.h"

namespace heddle {

// What a call does to the world. Pure: its result depends on its arguments alone. Read: also on the
// state of the resource. Write: it changes the resource, or who knows what.
enum class ToolEffects { kPure, kRead, kWrite };

struct ToolDescription {
  std::string name;
  std::string description;
  Json input_schema = Json::object();  // JSON Schema of the arguments, an object
  std::optional<Json> output_schema;   // of the result, where it is known
  ToolEffects effects = ToolEffects::kWrite;
  std::string resource;     // what reads and writes share; empty: unknown
  bool idempotent = false;  // a write that may be repeated
  bool approval = false;    // a person must agree to each call
  int retries = 0;
  std::chrono::milliseconds backoff{250};
  std::optional<std::chrono::milliseconds> timeout;
  std::optional<double> cost_ms;  // for scheduling; measured history is better
  std::optional<int> max_parallel;
  std::optional<double> rate_per_second;  // a burst of one second's worth
  std::optional<int> batch_size;          // calls that go as one: see StartCall

  // Whether a call may be made again when nobody knows what became of it.
  bool repeatable() const { return effects != ToolEffects::kWrite || idempotent; }
};

// A failed call: an observation for the joiner, an error for those that need its result.
struct ToolError {
  std::string message;
  bool may_retry = false;  // the failure was of the way there, such as a lost connection or 503
  std::optional<std::chrono::milliseconds> retry_after = {};
};

using ToolOutcome = std::variant<Json, ToolError>;

struct ToolCallOptions {
  std::optional<std::chrono::steady_clock::time_point>
      deadline;             // the run's, for tools that pass it on
  std::string traceparent;  // W3C; empty without a trace
  std::function<void(double progress, const std::string& message)> on_progress;
};

// A call under way. Destroying it cancels the call: processes are killed with their group, requests
// closed, `done` is not called any more.
class ToolCall {
 public:
  virtual ~ToolCall() = default;
};

class Tool {
 public:
  using Done = std::function<void(ToolOutcome)>;

  explicit Tool(ToolDescription description) : description_(std::move(description)) {}
  virtual ~Tool() = default;
  const ToolDescription& description() const { return description_; }
  // For the registry: what plans call it, which may be longer than what its maker calls it.
  void set_name(std::string name) { description_.name = std::move(name); }

  // `arguments` is an object, or with a batch size an array of at most as many objects, and then
  // the result an equally long array. `done` is called once, on the loop's thread, possibly before
  // this returns (the result is then null).
  virtual std::unique_ptr<ToolCall> StartCall(Json arguments, const ToolCallOptions& options,
                                              Done done) = 0;

  // Some tools know the result of an object of arguments at once, such as arithmetic: with these,
  // constant calls need not run. Nothing where the call would fail.
  virtual bool evaluates() const { return false; }
  virtual std::optional<Json> Evaluate(const Json& /*arguments*/) const { return std::nullopt; }

 protected:
  ToolDescription description_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_TOOL_H_
