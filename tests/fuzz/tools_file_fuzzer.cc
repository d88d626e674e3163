// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tools files are read or refused, whatever their bytes, and so is arithmetic.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "runtime/tools/math.h"
#include "runtime/tools/tools_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto lookup = [](const std::string& name) -> std::optional<std::string> {
    if (name.size() % 2) return std::nullopt;
    return "a value of " + name;
  };
  const auto file = heddle::ParseToolsFile(text, "tools.json", lookup);
  // What a plan calls them is what they were checked for.
  if (file.ok()) {
    for (const heddle::ToolSpec& tool : file->tools) {
      if (tool.description.name.empty() || !tool.description.input_schema.is_object()) abort();
    }
  }
  (void)heddle::ParseToolsFile(text, "tools.json", nullptr);
  const auto value = heddle::EvaluateMath(text);
  if (value.ok() && !value->is_number() && !value->is_string()) abort();
  return 0;
}
