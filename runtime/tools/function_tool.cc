// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/function_tool.h"

#include <atomic>
#include <exception>
#include <thread>

#include "runtime/tools/tool_result.h"

namespace heddle {
namespace {

ToolOutcome Failed(std::string message) {
  return ToolError{.message = std::move(message), .may_retry = false, .retry_after = std::nullopt};
}

// The host program's code may throw; nothing above expects that.
ToolOutcome Guarded(const std::function<ToolOutcome()>& function) {
  try {
    return function();
  } catch (const std::exception& exception) {
    return Failed(exception.what());
  } catch (...) {
    return Failed("the function threw something that is no std::exception");
  }
}

class FunctionTool : public Tool {
 public:
  FunctionTool(ToolDescription description, WorkerThreads& threads, ToolFunction function)
      : Tool(std::move(description)),
        threads_(threads),
        function_(std::make_shared<const ToolFunction>(std::move(function))) {}

  std::unique_ptr<ToolCall> StartCall(Json arguments, const ToolCallOptions&, Done done) override {
    return threads_.Run(
        [function = function_, arguments = std::move(arguments)] {
          return CheckBatch(BatchCalls(arguments), Guarded([&] { return (*function)(arguments); }));
        },
        std::move(done));
  }

 private:
  WorkerThreads& threads_;
  // Shared with work that nobody waits for any more, which may outlive the tool.
  const std::shared_ptr<const ToolFunction> function_;
};

// A call of an asynchronous function, and how its completion finds it.
class AsyncCall : public ToolCall {
 public:
  // Outlives the call in the hands of whoever completes it. `call` is touched on the loop's thread.
  struct Link {
    AsyncCall* call;
    std::atomic<bool> completed{false};
  };

  explicit AsyncCall(size_t batch_calls, Tool::Done done)
      : batch_calls_(batch_calls), done_(std::move(done)), link_(std::make_shared<Link>()) {
    link_->call = this;
  }
  ~AsyncCall() override { link_->call = nullptr; }

  Tool::Done Completion(EventLoop& loop) const {
    return [link = link_, poster = loop.poster()](ToolOutcome outcome) {
      // Only the first counts. Relaxed: Post orders the rest.
      if (link->completed.exchange(true, std::memory_order_relaxed)) return;
      poster.Post([link, result = std::make_shared<ToolOutcome>(std::move(outcome))] {
        if (link->call) link->call->Finish(std::move(*result));
      });
    };
  }

  std::unique_ptr<ToolCall> of_function;

 private:
  void Finish(ToolOutcome outcome) {
    const Tool::Done done = std::move(done_);
    done(CheckBatch(batch_calls_, std::move(outcome)));
  }

  const size_t batch_calls_;
  Tool::Done done_;
  const std::shared_ptr<Link> link_;
};

class AsyncFunctionTool : public Tool {
 public:
  AsyncFunctionTool(ToolDescription description, EventLoop& loop, AsyncToolFunction function)
      : Tool(std::move(description)), loop_(loop), function_(std::move(function)) {}

  std::unique_ptr<ToolCall> StartCall(Json arguments, const ToolCallOptions& options,
                                      Done done) override {
    auto call = std::make_unique<AsyncCall>(BatchCalls(arguments), std::move(done));
    const Done completion = call->Completion(loop_);
    const ToolOutcome thrown = Guarded([&]() -> ToolOutcome {
      call->of_function = function_(std::move(arguments), options, completion);
      return Json();
    });
    if (std::holds_alternative<ToolError>(thrown)) completion(thrown);
    return call;
  }

 private:
  EventLoop& loop_;
  const AsyncToolFunction function_;
};

}  // namespace

std::unique_ptr<Tool> MakeFunctionTool(ToolDescription description, WorkerThreads& threads,
                                       ToolFunction function) {
  return std::make_unique<FunctionTool>(std::move(description), threads, std::move(function));
}

std::unique_ptr<Tool> MakeAsyncFunctionTool(ToolDescription description, EventLoop& loop,
                                            AsyncToolFunction function) {
  return std::make_unique<AsyncFunctionTool>(std::move(description), loop, std::move(function));
}

}  // namespace heddle
