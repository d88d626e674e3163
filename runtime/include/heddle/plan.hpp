// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plans of function calls, from C++: register functions as tools, run a plan or stream one, get
// events. Independent calls run at the same time. Part of libheddle_plan.
//
//   using namespace heddle::api;
//   PlanRunner runner;
//   runner.AddFunction(R"({"name": "population", "inputSchema": {"type": "object",
//                          "properties": {"city": {"type": "string"}}, "required": ["city"]},
//                          "heddle": {"effects": "read"}})",
//                      [](std::string_view arguments) { return ToolResult::Json("522000"); });
//   PlanReport report = runner.Run("1. population(\"Lyon\")\n2. join($1)");
//   if (!report.ok()) puts(report.diagnostics.c_str());
//   puts(report.result.c_str());
//
// Arguments and results are JSON texts, so that no JSON library is forced on anybody.
//
// Thread-safety: a runner has a thread of its own, on which plans are read and calls are dispatched;
// its functions may be called from any thread, and several runs may go on at once. Synchronous
// functions run on worker threads, at most 64 at a time, as they may block; asynchronous ones are
// started on the runner's thread, must return at once, and complete from any thread.
// Events are delivered and approval is asked on the runner's thread: do not block there, throw
// nothing, and wait for no plan, which is refused.
// A program that also links libheddle_runtime has two sets of worker threads: models that plans call
// run on those of this library.
// Ownership: a runner outlives its streams, and neither is destroyed on the runner's thread.
// Destroying a stream cancels what is in flight; destroying a runner waits for functions that have
// begun on worker threads.

#ifndef HEDDLE_PLAN_HPP_
#define HEDDLE_PLAN_HPP_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if defined(__GNUC__)
#define HEDDLE_PLAN_API __attribute__((visibility("default")))
#else
#define HEDDLE_PLAN_API
#endif

namespace heddle::api {

// What a tool's function returns.
struct ToolResult {
  bool failed = false;
  std::string text;  // JSON, or the message of the failure

  static ToolResult Json(std::string json) { return {false, std::move(json)}; }
  static ToolResult Failed(std::string message) { return {true, std::move(message)}; }
};

enum class CallState {
  kStarted,
  kRetried,
  kOk,
  kError,
  kSkipped,
  kDeduplicated,
  kCancelled,
  kDenied
};

// Times are milliseconds since the run began.
struct CallEvent {
  int64_t id = 0;
  std::string tool;
  CallState state = CallState::kStarted;
  int attempt = 0;
  double start_ms = 0, end_ms = 0;
  std::string text;  // arguments when it starts, then the result or the error
};

struct PlanOptions {
  int max_parallel = 0;                              // calls in flight; 0: no limit
  std::optional<std::chrono::milliseconds> timeout;  // of the whole run
  int max_calls = 100000;
  std::string journal;  // a file; empty: nothing is written
  std::function<void(const CallEvent&)> on_event;
  // Asked for calls of tools that need approval; without it they are denied.
  std::function<bool(int64_t id, const std::string& tool, const std::string& arguments)> approve;
};

struct PlanReport {
  enum class Status { kOk, kFailed, kCancelled, kRefused };
  Status status = Status::kRefused;  // refused: the plan is wrong and nothing ran
  std::string result;                // JSON: what join returned
  std::string diagnostics;           // what is wrong with the plan, line by line with carets
  std::string json;                  // everything, as `heddle plan run --json` prints it

  bool ok() const { return status == Status::kOk; }
};

// A plan that arrives in pieces: each call starts when its text is complete and its inputs are ready.
class HEDDLE_PLAN_API PlanStream {
 public:
  PlanStream(PlanStream&&) noexcept;
  ~PlanStream();
  void Feed(std::string_view text);
  void Cancel();
  // The text is complete: waits for the calls. Text that is fed from now on is ignored.
  PlanReport Finish();

  struct State;

 private:
  friend class PlanRunner;
  explicit PlanStream(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

class HEDDLE_PLAN_API PlanRunner {
 public:
  using Function = std::function<ToolResult(std::string_view arguments)>;
  using Completion = std::function<void(ToolResult)>;
  using AsyncFunction = std::function<void(std::string arguments, Completion done)>;

  PlanRunner();  // throws std::runtime_error where the process has no descriptors left
  ~PlanRunner();
  PlanRunner(const PlanRunner&) = delete;
  PlanRunner& operator=(const PlanRunner&) = delete;

  // `description` is an entry of a tools file without "run". The result is empty, or says what is
  // wrong. An exception that leaves a function is a failed call.
  [[nodiscard]] std::string AddFunction(std::string_view description, Function function);
  [[nodiscard]] std::string AddAsyncFunction(std::string_view description, AsyncFunction function);
  // Commands, HTTP endpoints, MCP servers, models: what the file lists.
  [[nodiscard]] std::string AddToolsFile(const std::string& path);

  // Blocks until the plan has ended; not for the runner's own thread.
  PlanReport Run(std::string_view plan, const PlanOptions& options = {});
  PlanStream Start(const PlanOptions& options = {});

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace heddle::api

#endif  // HEDDLE_PLAN_HPP_
