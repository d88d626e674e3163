// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A registry's tools as the catalog that plans are checked against.

#ifndef HEDDLE_FRONTENDS_PLAN_REGISTRYCATALOG_H
#define HEDDLE_FRONTENDS_PLAN_REGISTRYCATALOG_H

#include "frontends/plan/ToolCatalog.h"
#include "runtime/tools/tool_registry.h"

namespace heddle {

/// The registry outlives it.
class RegistryCatalog : public ToolCatalog {
public:
  explicit RegistryCatalog(const ToolRegistry &registry) : registry(registry) {}

  const ToolDescription *find(std::string_view name) const override {
    const Tool *tool = registry.Find(name);
    return tool ? &tool->description() : nullptr;
  }

  std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const ToolDescription *tool : tools())
      all.push_back(tool->name);
    return all;
  }

  /// In the order they were added.
  std::vector<const ToolDescription *> tools() const {
    std::vector<const ToolDescription *> all;
    for (const Tool *tool : registry.tools())
      all.push_back(&tool->description());
    return all;
  }

private:
  const ToolRegistry &registry;
};

} // namespace heddle

#endif // HEDDLE_FRONTENDS_PLAN_REGISTRYCATALOG_H
