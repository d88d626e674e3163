// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A function of the host program as a tool.
//
//   registry.Add(MakeFunctionTool({.name = "add"}, host, [](const Json& arguments) -> ToolOutcome {
//     return Json(arguments["a"].get<int>() + arguments["b"].get<int>());
//   }));
//   registry.Add(MakeAsyncFunctionTool({.name = "fetch"}, loop,
//                                      [](Json arguments, const ToolCallOptions&, Tool::Done done) {
//     StartSomething([done] { done(Json("result")); });
//     return nullptr;
//   }));
//
// A synchronous function runs on a thread that is not the loop's, several at once; an exception that
// it throws is the call's error. An asynchronous one is called on the loop's thread and must return
// soon; it may call `done` from any thread, at once or later, also after the call was cancelled or
// the loop has ended: then nothing happens. What it returns is destroyed when the call ends or is
// cancelled; it may be null.
//
// Thread-safety: on the loop's thread, except for `done`.

#ifndef HEDDLE_RUNTIME_TOOLS_FUNCTION_TOOL_H_
#define HEDDLE_RUNTIME_TOOLS_FUNCTION_TOOL_H_

#include <functional>
#include <memory>

#include "runtime/tools/event_loop.h"
#include "runtime/tools/tool.h"
#include "runtime/tools/worker_threads.h"

namespace heddle {

using ToolFunction = std::function<ToolOutcome(const Json& arguments)>;
using AsyncToolFunction = std::function<std::unique_ptr<ToolCall>(
    Json arguments, const ToolCallOptions& options, Tool::Done done)>;

std::unique_ptr<Tool> MakeFunctionTool(ToolDescription description, WorkerThreads& threads,
                                       ToolFunction function);
std::unique_ptr<Tool> MakeAsyncFunctionTool(ToolDescription description, EventLoop& loop,
                                            AsyncToolFunction function);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_FUNCTION_TOOL_H_
