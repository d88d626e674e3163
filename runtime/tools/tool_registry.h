// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tools a plan may call, by name: those of a tools file, those of MCP servers that it lists, and
// functions of the host program. Servers are started when a name is asked for that nothing else
// has, or when all tools are listed; each at most once.
//
//   ToolRegistry registry;
//   HEDDLE_RETURN_IF_ERROR(AddTools(file, host, registry));
//   registry.Load({"search", "files.read"}, [&](absl::Status status) { ... });
//   Tool* tool = registry.Find("search");
//
// A server's tool can always be called SERVER.TOOL, and TOOL alone while nothing else has that name:
// a tool of the file or of the host program keeps its name, tools of two servers both become long.
//
// Thread-safety: on the loop's thread.

#ifndef HEDDLE_RUNTIME_TOOLS_TOOL_REGISTRY_H_
#define HEDDLE_RUNTIME_TOOLS_TOOL_REGISTRY_H_

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "runtime/tools/event_loop.h"
#include "runtime/tools/tool.h"

namespace heddle {

// Where more tools come from, such as an MCP server. Asked for them once.
class ToolSource {
 public:
  using Loaded = std::function<void(absl::Status, std::vector<std::unique_ptr<Tool>>)>;
  virtual ~ToolSource() = default;
  virtual const std::string& name() const = 0;
  virtual void Load(Loaded done) = 0;
  // Says goodbye, such as to a session elsewhere; without it, a source is merely let go. Its tools
  // are of no use any more.
  virtual void Close(std::function<void()> done) { done(); }
};

class ToolRegistry {
 public:
  ToolRegistry();
  ~ToolRegistry();

  // AlreadyExists where the name is taken.
  absl::Status Add(std::unique_ptr<Tool> tool);
  void AddSource(std::unique_ptr<ToolSource> source);

  // Makes sure that Find knows every name that exists; sources are asked where a name is missing.
  // `done` gets the first error of a source, and only where a name is still missing.
  void Load(const std::vector<std::string>& names, std::function<void(absl::Status)> done);
  // All sources; `done` gets the first error of one, and what the others have is there.
  void LoadAll(std::function<void(absl::Status)> done);

  // Says goodbye to the sources that were asked. Nothing can be called or loaded any more.
  void Close(std::function<void()> done);

  // Null where there is none.
  Tool* Find(std::string_view name) const;
  // What its Evaluate says; nothing where there is no such tool.
  std::optional<Json> Evaluate(std::string_view name, const Json& arguments) const;
  std::vector<Tool*> tools() const;  // in the order they were added

 private:
  struct Source;
  struct Waiter;

  void Start(Source& source);
  void Loaded(Source& source, absl::Status status, std::vector<std::unique_ptr<Tool>> tools);
  void AddOf(Source& source, std::unique_ptr<Tool> tool);
  // The source in whose name the name is, such as "files" of "files.read".
  Source* SourceOf(std::string_view name) const;
  void Wait(std::vector<std::string> names, std::vector<Source*> sources,
            std::function<void(absl::Status)> done);
  absl::Status Answer(const Waiter& waiter) const;

  std::vector<std::unique_ptr<Tool>> tools_;
  std::map<std::string, Tool*, std::less<>> by_name_;
  std::map<Tool*, Source*> source_of_;
  std::set<std::string> ambiguous_;  // short names that two sources have
  std::vector<std::unique_ptr<Source>> sources_;
  std::list<Waiter> waiters_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_TOOL_REGISTRY_H_
