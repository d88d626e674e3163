// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random task graphs of kernels and library functions that mix whole numbers, and what they compute.

#ifndef HEDDLE_TESTS_STRESS_RANDOM_CASE_H_
#define HEDDLE_TESTS_STRESS_RANDOM_CASE_H_

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "runtime/session/model.h"
#include "tests/unit/runtime/program_builder.h"

namespace heddle::testing {

struct MixTask {
  std::vector<uint32_t> operands;  // values: 0 is the input, task t makes value t + 1
  uint32_t salt;
};

struct RandomCase {
  ProgramBuilder builder;
  std::vector<MixTask> tasks;
  std::vector<uint32_t> outputs;  // values
  uint32_t width;
};

RandomCase MakeCase(std::mt19937& random);

std::shared_ptr<const Model> LoadCase(ProgramBuilder& b);

// All values, computed one after the other.
std::vector<std::vector<uint32_t>> Oracle(const RandomCase& c, const std::vector<uint32_t>& x);

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_STRESS_RANDOM_CASE_H_
