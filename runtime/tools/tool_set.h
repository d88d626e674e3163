// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tools of every kind there is, with what they run on: for programs that take them from files.
//
//   ToolSet tools(loop);
//   HEDDLE_RETURN_IF_ERROR(tools.Add(file));
//   PlanRun run(loop, tools.registry(), {}, &observer);
//   ...
//   tools.Close([&] { closed = true; });  // servers hear of the end
//
// Thread-safety: on the loop's thread. Ownership: the loop outlives the set.

#ifndef HEDDLE_RUNTIME_TOOLS_TOOL_SET_H_
#define HEDDLE_RUNTIME_TOOLS_TOOL_SET_H_

#include <functional>
#include <map>
#include <string>

#include "runtime/plan/secrets.h"
#include "runtime/tools/tool_makers.h"

namespace heddle {

class ToolSet {
 public:
  explicit ToolSet(EventLoop& loop) : loop_(loop), host_(loop) {}

  // What the file lists, models and MCP servers included. `warn` is told what is worth a line and no
  // error, now or later.
  absl::Status Add(const ToolsFile& file, std::function<void(const std::string&)> warn = {});

  ToolHost& host() { return host_; }
  ToolRegistry& registry() { return registry_; }
  // What a journal must not contain.
  const Secrets& secrets() const { return secrets_; }
  // Null where the tool is none.
  const BuiltinRun* FindBuiltin(const std::string& tool) const;

  // Ends the sessions with servers, which takes seconds at most.
  void Close(std::function<void()> done) { registry_.Close(std::move(done)); }

 private:
  EventLoop& loop_;
  ToolHost host_;  // before the tools that run on it
  ToolRegistry registry_;
  std::map<std::string, BuiltinRun> builtins_;
  Secrets secrets_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_TOOL_SET_H_
