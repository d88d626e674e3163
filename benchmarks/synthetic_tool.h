// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tool in this process that takes as long as a benchmark says and returns nothing.

#ifndef HEDDLE_BENCHMARKS_SYNTHETIC_TOOL_H_
#define HEDDLE_BENCHMARKS_SYNTHETIC_TOOL_H_

#include <functional>
#include <memory>
#include <utility>

#include "runtime/tools/event_loop.h"
#include "runtime/tools/tool.h"

namespace heddle {

class SyntheticTool : public Tool {
public:
  using Duration = EventLoop::Clock::duration;
  using DurationOf = std::function<Duration(const Json &arguments)>;
  // Told when a call starts and when it is about to end.
  using Watcher = std::function<void(const Json &arguments, bool ends)>;

  SyntheticTool(ToolDescription description, EventLoop &loop, DurationOf duration_of,
                Watcher watcher = nullptr)
      : Tool(std::move(description)), loop_(loop), duration_of_(std::move(duration_of)),
        watcher_(std::move(watcher)) {}

  std::unique_ptr<ToolCall> StartCall(Json arguments, const ToolCallOptions &, Done done) override {
    if (watcher_)
      watcher_(arguments, false);
    Duration duration = duration_of_ ? duration_of_(arguments) : Duration(0);
    if (duration <= Duration(0)) {
      done(nullptr);
      return nullptr;
    }
    struct Sleep : ToolCall {
      EventLoop::Timer timer;
    };
    auto call = std::make_unique<Sleep>();
    call->timer =
        loop_.After(duration, [this, arguments = std::move(arguments), done = std::move(done)] {
          if (watcher_)
            watcher_(arguments, true);
          done(nullptr);
        });
    return call;
  }

private:
  EventLoop &loop_;
  const DurationOf duration_of_;
  const Watcher watcher_;
};

} // namespace heddle

#endif // HEDDLE_BENCHMARKS_SYNTHETIC_TOOL_H_
