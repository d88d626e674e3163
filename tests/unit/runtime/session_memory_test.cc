// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scratch memory, memory that cannot be had, and runs that need no more of it.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <numeric>

#include "runtime/session/session.h"
#include "tests/unit/runtime/test_util.h"

namespace heddle {
namespace {

using testing::Diamond;
using testing::Floats;
using testing::GraphBuilder;
using ::testing::HasSubstr;
using testing::kF32;
using testing::Load;
using testing::Open;
using testing::ProgramBuilder;
using testing::Set;

TEST(SessionMemory, GivesKernelsAlignedScratch) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t n = g.Symbol("n");
  uint32_t x = g.Input("x", kF32, {n});
  uint32_t y = g.Arena("y", kF32, {n});
  g.Kernel(testing::kReverse, {x}, {y}, {n}, g.Number(1)).scratch =
      g.Op(program::ExprKind::kMul, n, g.Number(4));
  g.Output(y);
  auto session = Open(Load(b));
  for (size_t n : {3, 100000, 10}) {
    std::vector<float> x(n);
    std::iota(x.begin(), x.end(), 0.0f);
    Set(*session, 0, x);
    ASSERT_TRUE(session->Run().ok());
    std::reverse(x.begin(), x.end());
    EXPECT_EQ(Floats(session->output(0)), x);
  }
}

// Chunks of one grid in one run share what scratch memory holds; other grids and runs do not see
// it.
TEST(SessionMemory, KeepsScratchForAGrid) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t n = g.Symbol("n");
  uint32_t x = g.Input("x", kF32, {n});
  uint32_t last = x;
  constexpr int kGrids = 5;
  for (int i = 0; i < kGrids; ++i) {
    uint32_t y = g.Arena("y" + std::to_string(i), kF32, {n});
    auto& task = g.Kernel(testing::kShift, {last}, {y}, {}, n);
    task.scratch = g.Number(16);
    task.cost_per_point = 100;
    last = y;
  }
  g.Output(last);
  ThreadBackend threads(3);
  auto session = Open(Load(b), {.threads = 4, .backend = &threads});
  for (int run = 1; run <= 20; ++run) {
    std::vector<float> x(2000, 0.0f);
    x[0] = static_cast<float>(run);
    Set(*session, 0, x);
    ASSERT_TRUE(session->Run().ok());
    // The first element doubles with each grid, and the others gain what it was.
    std::vector<float> want(2000, static_cast<float>(run * ((1 << kGrids) - 1)));
    want[0] = static_cast<float>(run << kGrids);
    EXPECT_EQ(Floats(session->output(0)), want);
  }
}

// Fails from the n-th allocation on.
class FailingAllocator final : public Allocator {
 public:
  explicit FailingAllocator(int successes) : left_(successes) {}
  ~FailingAllocator() override { EXPECT_EQ(live_.load(), 0); }
  void* Allocate(size_t bytes) override {
    if (left_.fetch_sub(1) <= 0) return nullptr;
    ++live_;
    return DefaultAllocator().Allocate(bytes);
  }
  void Deallocate(void* data, size_t bytes) override {
    --live_;
    DefaultAllocator().Deallocate(data, bytes);
  }

 private:
  std::atomic<int> left_;
  std::atomic<int> live_{0};
};

TEST(SessionMemory, SurvivesEveryFailingAllocation) {
  auto model = Load(Diamond());
  bool succeeded = false;
  for (int successes = 0; !succeeded; ++successes) {
    ASSERT_LT(successes, 20);
    FailingAllocator allocator(successes);
    auto session =
        Open(model, {.threads = 1,
                     .allocator = std::shared_ptr<Allocator>(std::shared_ptr<void>(), &allocator)});
    std::vector<float> x(10, 1.0f);
    Set(*session, 0, x);
    absl::Status status = session->Run();
    succeeded = status.ok();
    if (!succeeded) {
      EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
    }
  }
}

TEST(SessionMemory, RefusesSizesThatOverflow) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t n = g.Symbol("n");
  uint32_t x = g.Input("x", kF32, {n});
  uint32_t huge = g.Op(program::ExprKind::kMul, n, g.Number(int64_t{1} << 60));
  uint32_t y = g.Arena("y", kF32, {huge});
  g.Kernel(testing::kScale, {x}, {y}, {}, n);
  g.Output(y);
  auto session = Open(Load(b));
  std::vector<float> input(100);
  Set(*session, 0, input);
  EXPECT_THAT(session->Run().ToString(), HasSubstr("the size of \"y\""));
}

TEST(SessionMemory, AllocatesNothingInSteadyState) {
  auto model = Load(Diamond());
  auto session = Open(model, {.threads = 1});
  std::vector<float> x(1000, 1.0f);
  Set(*session, 0, x);
  ASSERT_TRUE(session->Run().ok());
  ASSERT_TRUE(session->Run().ok());
  size_t held = session->statistics().peak_bytes;
  testing::AllocationCount count;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(session->Run().ok());
  EXPECT_EQ(count.value(), 0);
  EXPECT_EQ(session->statistics().peak_bytes, held);
  EXPECT_EQ(session->statistics().runs, 102u);
}

}  // namespace
}  // namespace heddle
