// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the tests of the C ABI share: where their artifacts are, and elements to compare.

#ifndef HEDDLE_TESTS_UNIT_RUNTIME_C_API_TESTING_H_
#define HEDDLE_TESTS_UNIT_RUNTIME_C_API_TESTING_H_

#include <heddle/heddle.hpp>
#include <span>
#include <string>
#include <vector>

inline std::string Artifact(const char* name) {
  return std::string(HEDDLE_TEST_ARTIFACTS) + "/" + name;
}

inline std::vector<float> Floats(const heddle::api::TensorView& tensor) {
  const std::span<const float> elements = tensor.elements<float>();
  return {elements.begin(), elements.end()};
}

#endif  // HEDDLE_TESTS_UNIT_RUNTIME_C_API_TESTING_H_
