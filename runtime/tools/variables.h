// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// "${NAME}" in a tools file stands for a variable of the environment, such as a key. What it stands
// for is secret: it goes to the tool that needs it and is never recorded.
//
//   "Bearer ${API_KEY}"      the variable must be set
//   "${REGION:-eu}"          "eu" where it is not
//   "$${NAME}"               the text "${NAME}"
//
// Everything else that has a dollar, "${1}" among it, stays as it is.
//
// Thread-safety: as a value.

#ifndef HEDDLE_RUNTIME_TOOLS_VARIABLES_H_
#define HEDDLE_RUNTIME_TOOLS_VARIABLES_H_

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace heddle {

// The value, or nothing where the variable is not set.
using VariableLookup = std::function<std::optional<std::string>(const std::string& name)>;

// The process's own environment.
std::optional<std::string> EnvironmentVariable(const std::string& name);

struct Variables {
  VariableLookup lookup;                      // null: "${NAME}" stays, as nothing will run
  std::map<std::string, std::string> values;  // of all that were put in
  std::set<std::string> missing;              // of the last Expand

  std::string Expand(std::string_view text);
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_VARIABLES_H_
