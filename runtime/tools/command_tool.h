// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program as a tool: arguments as one line of JSON on its standard input, the result on its
// standard output. An exit code other than 0 is an error, with standard error as its message.
//
// Thread-safety: on the loop's thread.

#ifndef HEDDLE_RUNTIME_TOOLS_COMMAND_TOOL_H_
#define HEDDLE_RUNTIME_TOOLS_COMMAND_TOOL_H_

#include <memory>

#include "runtime/tools/tool_makers.h"

namespace heddle {

std::unique_ptr<Tool> MakeCommandTool(ToolDescription description, CommandRun run, ToolHost& host);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_COMMAND_TOOL_H_
