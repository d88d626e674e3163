// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a tool of an MCP server returned, as a plan sees it: the structured content where there is
// one, else its text; blocks that are no text (images, links to resources) stay the objects they
// are.
//
// Thread-safety: pure.

#ifndef HEDDLE_RUNTIME_TOOLS_MCP_CALL_RESULT_H_
#define HEDDLE_RUNTIME_TOOLS_MCP_CALL_RESULT_H_

#include "runtime/plan/json.h"
#include "runtime/tools/tool.h"

namespace heddle {

// `has_output_schema`: the result is structured, also where an early server wrote it as text.
ToolOutcome McpCallOutcome(const Json& result, bool has_output_schema);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_MCP_CALL_RESULT_H_
