// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tool as a language model is told of it, in few words:
//
//   search(query: string, limit?: integer) -> {items: [{name: string, price: number}]}
//     Finds things in the catalogue.
//
// Types that would take too long are cut short: "object".

#ifndef HEDDLE_FRONTENDS_PLAN_TOOLPROMPT_H
#define HEDDLE_FRONTENDS_PLAN_TOOLPROMPT_H

#include "runtime/plan/json_schema.h"
#include "runtime/tools/tool.h"

#include <string>

namespace heddle {

std::string describeTool(const ToolDescription &tool);

/// "string", "[integer]", "\"metric\" | \"imperial\"", "{name: string}".
std::string describeType(SchemaView schema);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_PLAN_TOOLPROMPT_H
