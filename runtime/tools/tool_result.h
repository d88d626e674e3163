// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the tools have in common at the end of a call: bytes as a result, errors of the way, and
// batches.
//
// Thread-safety: pure functions.

#ifndef HEDDLE_RUNTIME_TOOLS_TOOL_RESULT_H_
#define HEDDLE_RUNTIME_TOOLS_TOOL_RESULT_H_

#include <string>

#include "absl/status/status.h"
#include "runtime/tools/tool.h"

namespace heddle {

// What a program or a server wrote: JSON where it is some, else the text without the line breaks at
// its end.
Json ResultFromText(std::string text);

// For a person and a language model: at most some thousand bytes, of which the end stays, where
// programs say what went wrong.
std::string ShortMessage(std::string_view text);

// Retrying helps where the connection failed or time ran out.
ToolError ErrorFromStatus(const absl::Status& status);

// Calls in these arguments where they are a batch; 0 where they are those of one call.
size_t BatchCalls(const Json& arguments);
// A batch has as many results as it had calls, else it failed.
ToolOutcome CheckBatch(size_t batch_calls, ToolOutcome outcome);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_TOOL_RESULT_H_
