// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parts of a tools file that occur at several places of it, and its MCP servers. Only tools_file.cc
// includes this.
//
// Thread-safety: pure functions, on the readers and variables they are given.

#ifndef HEDDLE_RUNTIME_TOOLS_TOOLS_FILE_PARTS_H_
#define HEDDLE_RUNTIME_TOOLS_TOOLS_FILE_PARTS_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/tools/json_reader.h"
#include "runtime/tools/tools_file.h"

namespace heddle {

constexpr double kMaxMs = 1e9;  // eleven days

std::optional<std::chrono::milliseconds> ReadMilliseconds(JsonReader& reader,
                                                          const std::string& name, double least);

// What a plan can spell as the name of a call.
bool IsToolName(std::string_view name);

// Puts values for variables; one that is missing is an error at `path`.
void Expand(std::string& text, const std::string& path, Variables& variables,
            JsonProblems& problems);
void ExpandAll(std::vector<std::string>& texts, const std::string& path, Variables& variables,
               JsonProblems& problems);

// "url" and "headers".
void ReadEndpoint(JsonReader& reader, Variables& variables, std::string& url,
                  std::vector<std::pair<std::string, std::string>>& headers);

// Nothing where it is disabled.
std::optional<McpServerSpec> ReadMcpServer(const std::string& name, JsonReader reader,
                                           Variables& variables);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_TOOLS_FILE_PARTS_H_
