// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The numbers of the math builtin: exact decimals while they can be, else the nearest doubles; and
// what can be done with them.
//
// Thread-safety: values and pure functions.

#ifndef HEDDLE_RUNTIME_TOOLS_MATH_NUMBER_H_
#define HEDDLE_RUNTIME_TOOLS_MATH_NUMBER_H_

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/plan/json.h"
#include "runtime/tools/decimal.h"

namespace heddle {

using MathNumber = std::variant<Decimal, double>;

// No number is longer than this, so that no expression takes long.
inline constexpr int kMaxMathDigits = 1000;

// `operation` is one of + - * / % and "//", "**".
absl::StatusOr<MathNumber> ApplyOperator(std::string_view operation, const MathNumber& a,
                                         const MathNumber& b);
MathNumber Negated(const MathNumber& a);

struct MathFunction {
  const char* name;
  size_t least, most;  // arguments
  absl::StatusOr<MathNumber> (*apply)(const std::vector<MathNumber>& arguments);
};
const MathFunction* FindMathFunction(std::string_view name);
std::string MathFunctionNames();  // "abs, ceil, ..."

// A JSON number where that says it all, else its digits as a string.
Json MathResult(const MathNumber& number);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_MATH_NUMBER_H_
