// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes tools of what a tools file says, and adds them to a registry. MCP servers are sources, which
// runtime/tools/mcp makes.
//
//   ToolHost host(loop);
//   HEDDLE_RETURN_IF_ERROR(AddTools(file, host, registry));
//
// Thread-safety: on the loop's thread. Ownership: what the host refers to outlives the tools.

#ifndef HEDDLE_RUNTIME_TOOLS_TOOL_MAKERS_H_
#define HEDDLE_RUNTIME_TOOLS_TOOL_MAKERS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "runtime/tools/event_loop.h"
#include "runtime/tools/http_client.h"
#include "runtime/tools/slots.h"
#include "runtime/tools/tool_registry.h"
#include "runtime/tools/tools_file.h"
#include "runtime/tools/worker_threads.h"

namespace heddle {

// What tools run on.
struct ToolHost {
  explicit ToolHost(EventLoop& loop, HttpClientOptions http_options = {})
      : loop(loop), http(loop, std::move(http_options)), threads(loop) {}

  EventLoop& loop;
  HttpClient http;
  WorkerThreads threads;  // for what computes or blocks
  // Children at once; each takes four descriptors.
  Slots processes{loop, Slots::ShareOfDescriptors(16)};
};

// Makes models tools; linked where the runtime is. Null: models are refused.
using ModelToolMaker = absl::StatusOr<std::unique_ptr<Tool>> (*)(const ToolSpec& spec,
                                                                 ToolHost& host);

absl::Status AddTools(const ToolsFile& file, ToolHost& host, ToolRegistry& registry,
                      ModelToolMaker make_model_tool = nullptr);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_TOOL_MAKERS_H_
