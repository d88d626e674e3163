// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random loops: their updates come from a grammar of recurrences that compose (sums, products, maxima,
// logarithms of sums, logic, in any spelling and nested in each other) and of what only looks like them (squares, rounded
// states, choices by the state).

#ifndef HEDDLE_TESTS_PROPERTY_LOOPBODIES_H
#define HEDDLE_TESTS_PROPERTY_LOOPBODIES_H

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace heddle::property {

enum class Number { F32, F64, I32, Bool };

/// One loop: a function's worth of text.
struct LoopText {
  Number number;
  std::string shape; // of its states: "5x"
  int width = 1;     // elements of one
  int states = 1;
  /// Operations, where %s0.. are states, %x0.. numbers and %c0.. conditions of the step.
  std::string body;
  std::vector<std::string> yields;

  static constexpr int kInputs = 3, kConditions = 1;
};

LoopText randomLoop(std::mt19937_64 &random);

/// A module whose @main runs all loops on inputs of a length that is static or, with -1, a symbol.
std::string moduleOf(const std::vector<LoopText> &loops, int64_t length);

/// "f32" and so on.
const char *nameOf(Number number);

} // namespace heddle::property

#endif // HEDDLE_TESTS_PROPERTY_LOOPBODIES_H
