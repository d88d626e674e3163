// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arguments that a stateless server wants to see in headers too, for those on the way that do not
// read bodies: a property of the input schema says so with "x-mcp-header".
//
// Thread-safety: pure.

#ifndef HEDDLE_RUNTIME_TOOLS_MCP_HEADER_PARAMETERS_H_
#define HEDDLE_RUNTIME_TOOLS_MCP_HEADER_PARAMETERS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/plan/json.h"
#include "runtime/tools/http_client.h"

namespace heddle {

struct McpHeaderParameter {
  std::vector<std::string> path;  // names of properties, from the root
  std::string header;             // with its prefix
};

// InvalidArgument where the schema asks for what may not be: such a tool must not be offered.
absl::StatusOr<std::vector<McpHeaderParameter>> FindMcpHeaderParameters(const Json& input_schema);

HttpHeaders McpHeadersOf(const std::vector<McpHeaderParameter>& parameters, const Json& arguments);

// A text as the value of a header: in base64, marked, where it would not survive as it is.
std::string McpHeaderValue(const std::string& text);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_MCP_HEADER_PARAMETERS_H_
