// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// JSON as plans, tools and language models exchange it: members keep the order of the text, because
// positional arguments are matched to a schema's properties in that order.
//
//   absl::StatusOr<Json> value = ParseJson(R"({"city": "Lyon"})", {});
//
// Everything that came from outside is parsed here and nowhere else: depth and size are bounded, so
// that no later walk over a value can exhaust the stack.
//
// Thread-safety: values are values; the functions are pure.

#ifndef HEDDLE_RUNTIME_PLAN_JSON_H_
#define HEDDLE_RUNTIME_PLAN_JSON_H_

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace heddle {

using Json = nlohmann::ordered_json;

struct JsonLimits {
  size_t max_bytes = size_t{64} << 20;
  int max_depth = 128;
};

// InvalidArgument with line and column where the text is no JSON, ResourceExhausted over a limit.
absl::StatusOr<Json> ParseJson(std::string_view text, const JsonLimits& limits);

// One line; bytes that are not UTF-8 are replaced, so it cannot fail.
std::string ToText(const Json& value);

// What a value is inside a string: a string itself, everything else as ToText.
std::string ToPlainText(const Json& value);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLAN_JSON_H_
