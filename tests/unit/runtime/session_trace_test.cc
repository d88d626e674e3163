// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a session's trace says of its runs.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/session/session.h"
#include "tests/unit/runtime/test_util.h"

namespace heddle {
namespace {

using testing::Diamond;
using testing::GraphBuilder;
using ::testing::HasSubstr;
using testing::kF32;
using testing::Load;
using testing::Open;
using testing::ProgramBuilder;
using testing::Set;

// Whichever thread begins a grid.
TEST(SessionTrace, TheCallerHasTheFrontOfEachGrid) {
  constexpr int kGrids = 30, kRuns = 20, kMostRuns = 20'000;
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t n = g.Symbol("n"), x = g.Input("x", kF32, {n});
  for (int i = 0; i < kGrids; ++i) {
    uint32_t y = g.Arena("y" + std::to_string(i), kF32, {n});
    g.Kernel(testing::kScale, {x}, {y}, {}, n).cost_per_point = 10;
    x = y;
  }
  g.Output(x);
  ThreadBackend backend(1);
  auto session = Open(Load(b), {.threads = 2, .backend = &backend});
  session->EnableTrace();
  std::vector<float> numbers(1 << 16, 1.0f);
  Set(*session, 0, numbers);
  int helped = 0;
  // Until another thread has come, on a machine that is busy.
  for (int run = 0; run < kRuns || (helped == 0 && run < kMostRuns); ++run) {
    ASSERT_TRUE(session->Run().ok());
    std::vector<int32_t> front(kGrids, -1), back(kGrids, INT32_MAX);
    const auto& events = session->trace()->events();
    for (size_t worker = 0; worker < events.size(); ++worker) {
      for (const TraceRecorder::Event& event : events[worker]) {
        int32_t& end = worker == 0 ? front[event.index] : back[event.index];
        end = worker == 0 ? std::max(end, event.chunk) : std::min(end, event.chunk);
        helped += worker > 0;
      }
    }
    for (int i = 0; i < kGrids; ++i) EXPECT_LT(front[i], back[i]) << "grid " << i;
  }
  EXPECT_GT(helped, 0);
}

TEST(SessionTrace, RecordsATrace) {
  auto session = Open(Load(Diamond()), {.threads = 2});
  session->EnableTrace();
  std::vector<float> x(4000, 1.0f);
  Set(*session, 0, x);
  ASSERT_TRUE(session->Run().ok());
  std::string json = session->trace()->ToJson();
  for (int t = 0; t < 4; ++t) {
    EXPECT_THAT(json, HasSubstr("\"name\":\"task" + std::to_string(t) + "\"")) << json;
  }
  EXPECT_THAT(json, HasSubstr("\"otherData\":{\"inputs\":{\"x\":[4000]}}")) << json;
}

}  // namespace
}  // namespace heddle
