// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A compiled model as a tool. Each argument is an input by its name: nested lists of numbers, or the
// path of an .npy file. The result has each output by its name, as nested lists.
//
//   HEDDLE_RETURN_IF_ERROR(AddTools(file, host, registry, &MakeModelTool));
//
// Calls run beside each other, each in a session of its own that the next call uses again.
//
// Thread-safety: on the loop's thread; the model runs on others.

#ifndef HEDDLE_RUNTIME_TOOLS_MODEL_TOOL_H_
#define HEDDLE_RUNTIME_TOOLS_MODEL_TOOL_H_

#include <memory>

#include "absl/status/statusor.h"
#include "runtime/tools/tool_makers.h"

namespace heddle {

absl::StatusOr<std::unique_ptr<Tool>> MakeModelTool(const ToolSpec& spec, ToolHost& host);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_MODEL_TOOL_H_
