// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The math builtin as a tool. Where the file has no schema for it, it takes one string, `expression`.
//
// Thread-safety: on the loop's thread.

#ifndef HEDDLE_RUNTIME_TOOLS_MATH_TOOL_H_
#define HEDDLE_RUNTIME_TOOLS_MATH_TOOL_H_

#include <memory>

#include "runtime/tools/tools_file.h"

namespace heddle {

std::unique_ptr<Tool> MakeMathTool(const ToolSpec& spec);

// What the tool would answer, at once: constant calls are folded with it.
ToolOutcome EvaluateMathCall(const ToolDescription& description, const Json& arguments);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_MATH_TOOL_H_
