// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tools that a plan is checked against, wherever they come from.

#ifndef HEDDLE_FRONTENDS_PLAN_TOOLCATALOG_H
#define HEDDLE_FRONTENDS_PLAN_TOOLCATALOG_H

#include "runtime/tools/tool.h"

#include <string>
#include <string_view>
#include <vector>

namespace heddle {

/// What it returns lives as long as the catalog.
class ToolCatalog {
public:
  virtual ~ToolCatalog() = default;
  virtual const ToolDescription *find(std::string_view name) const = 0;
  virtual std::vector<std::string> names() const = 0;
};

/// The name that was most probably meant, or nothing where none is near.
std::string nearestName(std::string_view wrong, const std::vector<std::string> &names);

/// "; did you mean 'search'?" or nothing.
std::string didYouMean(std::string_view wrong, const std::vector<std::string> &names);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_PLAN_TOOLCATALOG_H
