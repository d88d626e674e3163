// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sessions of programs with bodies, as straight lists and through the scheduler.

#ifndef HEDDLE_TESTS_UNIT_RUNTIME_CONTROL_FLOW_FIXTURE_H_
#define HEDDLE_TESTS_UNIT_RUNTIME_CONTROL_FLOW_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <tuple>
#include <vector>

#include "tests/unit/runtime/test_util.h"

namespace heddle::testing {

inline Tensor F32(std::vector<int64_t> dims, std::vector<float>& data) {
  return *Tensor::Borrow(ElementType::kFloat32, dims, data.data());
}

// The number of threads, and whether bodies run through the scheduler.
class ControlFlowTest : public ::testing::TestWithParam<std::tuple<int, bool>> {
 protected:
  std::unique_ptr<Session> Make(ProgramBuilder& b) {
    b.Finish();
    for (auto& graph : b.program.graphs) graph->sequential = !std::get<1>(GetParam());
    return Open(Load(b), {.threads = std::get<0>(GetParam()), .backend = &threads_});
  }
  ThreadBackend threads_{7};
};

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_UNIT_RUNTIME_CONTROL_FLOW_FIXTURE_H_
