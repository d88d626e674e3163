// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An HTTP endpoint as a tool: arguments as a JSON body (as the query, for GET and HEAD), the result
// is the response's body. A status of 300 or more is an error.
//
// Thread-safety: on the loop's thread.

#ifndef HEDDLE_RUNTIME_TOOLS_HTTP_TOOL_H_
#define HEDDLE_RUNTIME_TOOLS_HTTP_TOOL_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "runtime/tools/tool_makers.h"

namespace heddle {

std::unique_ptr<Tool> MakeHttpTool(ToolDescription description, HttpRun run, ToolHost& host);

// The URL with the arguments in its query, strings as they are and other values as JSON.
std::string UrlWithQuery(const std::string& url, const Json& arguments);

// Of a response that is no success.
ToolError ErrorFromResponse(const HttpResponse& response);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_HTTP_TOOL_H_
