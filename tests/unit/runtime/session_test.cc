// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/session/session.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <thread>

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

void ExpectDiamond(Session& session, const std::vector<float>& x) {
  std::vector<float> y = Floats(session.output(0));
  std::vector<float> z = Floats(session.output(1));
  ASSERT_EQ(y.size(), x.size());
  ASSERT_EQ(z.size(), x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    ASSERT_EQ(y[i], std::exp(2 * x[i] + 1) + x[i]) << i;
    ASSERT_EQ(z[i], 2 * (2 * x[i] + 1) + 1) << i;
  }
}

class SessionTest : public ::testing::TestWithParam<int> {};

TEST_P(SessionTest, RunsForSeveralShapes) {
  auto model = Load(Diamond());
  ThreadBackend threads(7);
  auto session = Open(model, {.threads = GetParam(), .backend = &threads});
  for (size_t n : {5, 1000, 0, 1000, 5}) {
    std::vector<float> x(n);
    for (size_t i = 0; i < n; ++i) x[i] = 0.001f * i;
    Set(*session, 0, x);
    ASSERT_TRUE(session->Run().ok());
    ExpectDiamond(*session, x);
  }
}

TEST_P(SessionTest, RunsOnTheArena) {
  auto model = Load(Diamond());
  auto session = Open(model, {.threads = GetParam()});
  std::vector<float> x(3000, 0.5f);
  Set(*session, 0, x);
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(session->Run().ok());
    ExpectDiamond(*session, x);
  }
}

TEST_P(SessionTest, StartsAsynchronously) {
  auto model = Load(Diamond());
  auto session = Open(model, {.threads = GetParam()});
  std::vector<float> x(2000, 0.25f);
  Set(*session, 0, x);
  for (int i = 0; i < 20; ++i) {
    std::mutex mutex;
    std::condition_variable wake;
    bool done = false;
    absl::Status status = session->Start([&](absl::Status result) {
      std::unique_lock lock(mutex);
      EXPECT_TRUE(result.ok()) << result;
      done = true;
      wake.notify_one();
    });
    ASSERT_TRUE(status.ok()) << status;
    std::unique_lock lock(mutex);
    wake.wait(lock, [&] { return done; });
    ExpectDiamond(*session, x);
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, SessionTest, ::testing::Values(1, 2, 8));

TEST(Session, OneModelServesManyThreads) {
  auto model = Load(Diamond());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      auto session = Open(model, {.threads = 2});
      std::vector<float> x(500 + t, 0.1f * t);
      Set(*session, 0, x);
      for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(session->Run().ok());
        ExpectDiamond(*session, x);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Session, RefusesWrongInputs) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t batch = g.Symbol("batch");
  uint32_t x = g.Input("x", kF32, {batch, g.Number(3)});
  uint32_t w = g.Input("w", kF32, {batch, g.Op(program::ExprKind::kAdd, batch, g.Number(1))});
  g.Output(x);
  g.Output(w);
  auto session = Open(Load(b));
  float data[64] = {};
  auto tensor = [&](std::vector<int64_t> dims) {
    return *Tensor::Borrow(ElementType::kFloat32, dims, data);
  };
  EXPECT_THAT(session->Run().ToString(), HasSubstr("inputs that are not set: \"x\", \"w\""));
  EXPECT_THAT(session->SetInput(0, tensor({2, 4})).ToString(),
              HasSubstr("input \"x\" has shape [2,4], expected [batch,3]"));
  EXPECT_THAT(session->SetInput(0, *Tensor::Borrow(ElementType::kInt64, {1, 3}, data)).ToString(),
              HasSubstr("input \"x\" has element type int64, expected float32"));
  EXPECT_FALSE(session->SetInput(7, tensor({1, 3})).ok());
  ASSERT_TRUE(session->SetInput(0, tensor({2, 3})).ok());
  ASSERT_TRUE(session->SetInput(1, tensor({4, 5})).ok());
  EXPECT_THAT(
      session->Run().ToString(),
      HasSubstr("input \"w\" has shape [4,5], expected [batch,(batch + 1)] with batch = 2"));
  ASSERT_TRUE(session->SetInput(1, tensor({2, 5})).ok());
  EXPECT_EQ(session->Run().code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(session->SetInput(1, tensor({2, 3})).ok());
  EXPECT_TRUE(session->Run().ok());
}

TEST(Session, PassesInputsConstantsAndViewsThrough) {
  ProgramBuilder b;
  uint64_t zero = b.Weight({7, 8});
  uint64_t weight = b.Weight({1, 2, 3, 4});
  EXPECT_EQ(zero, 0u);
  GraphBuilder& g = b.AddGraph();
  uint32_t two = g.Number(2);
  uint32_t four = g.Number(4);
  uint32_t x = g.Input("x", kF32, {four});
  uint32_t c = g.Constant("c", kF32, {two, two}, weight);
  uint32_t a = g.Arena("a", kF32, {four});
  uint32_t all = g.View("all", kF32, {two, two}, a);
  uint32_t back = g.View("back", kF32, {two}, all, g.Number(8));
  g.Kernel(testing::kScale, {x}, {a}, {}, four);
  for (uint32_t v : {x, c, a, all, back}) g.Output(v);
  auto session = Open(Load(b));
  std::vector<float> input = {1, 2, 3, 4};
  Set(*session, 0, input);
  for (int run = 0; run < 3; ++run) {
    ASSERT_TRUE(session->Run().ok());
    EXPECT_EQ(Floats(session->output(0)), input);
    EXPECT_NE(session->output(0).data(), input.data());
    EXPECT_EQ(Floats(session->output(1)), (std::vector<float>{1, 2, 3, 4}));
    EXPECT_EQ(Floats(session->output(2)), (std::vector<float>{3, 5, 7, 9}));
    EXPECT_EQ(Floats(session->output(3)), (std::vector<float>{3, 5, 7, 9}));
    EXPECT_EQ(session->output(3).dims().size(), 2u);
    EXPECT_EQ(Floats(session->output(4)), (std::vector<float>{7, 9}));
  }
}

TEST(Session, WritesBoundOutputsDirectly) {
  auto session = Open(Load(Diamond()), {.threads = 1});
  std::vector<float> x = {1, 2, 3};
  std::vector<float> z(8, -1.0f);
  Set(*session, 0, x);
  ASSERT_TRUE(session->BindOutput(1, *Tensor::Borrow(ElementType::kFloat32, {8}, z.data())).ok());
  ASSERT_TRUE(session->Run().ok());
  EXPECT_EQ(session->output(1).data(), z.data());
  EXPECT_EQ(session->output(1).dims()[0], 3);
  EXPECT_EQ(z, (std::vector<float>{7, 11, 15, -1, -1, -1, -1, -1}));
  ExpectDiamond(*session, x);
  ASSERT_TRUE(session->BindOutput(1, *Tensor::Borrow(ElementType::kFloat32, {2}, z.data())).ok());
  EXPECT_THAT(session->Run().ToString(), HasSubstr("output \"z\" of shape [3] needs 12 bytes"));
  ASSERT_TRUE(session->BindOutput(1, Tensor()).ok());
  EXPECT_TRUE(session->Run().ok());
}

TEST(Session, OutputsOutliveTheSession) {
  auto session = Open(Load(Diamond()));
  std::vector<float> x = {1, 2};
  Set(*session, 0, x);
  ASSERT_TRUE(session->Run().ok());
  Tensor first = session->output(1);
  x = {3, 4};
  ASSERT_TRUE(session->Run().ok());
  Tensor second = session->output(1);
  session.reset();
  EXPECT_EQ(Floats(first), (std::vector<float>{7, 11}));
  EXPECT_EQ(Floats(second), (std::vector<float>{15, 19}));
}

TEST(Session, KeepsStateBetweenRuns) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t past = g.Symbol("past");
  uint32_t one = g.Number(1);
  uint32_t width = g.Number(3);
  uint32_t grown = g.Op(program::ExprKind::kAdd, past, one);
  uint32_t cache = g.Input("cache", kF32, {past, width});
  uint32_t row = g.Input("row", kF32, {one, width});
  uint32_t next = g.Arena("next", kF32, {grown, width});
  g.Kernel(testing::kAppend, {cache, row}, {next}, {past, width}, one);
  g.Output(next);
  auto session = Open(Load(b));
  ASSERT_TRUE(session->BindState(0, 0).ok());
  EXPECT_FALSE(session->BindState(0, 0).ok());
  float nothing = 0;
  ASSERT_TRUE(session->SetInput(0, *Tensor::Borrow(ElementType::kFloat32, {0, 3}, &nothing)).ok());
  std::vector<float> expected;
  for (int step = 0; step < 100; ++step) {
    std::vector<float> numbers = {1.0f * step, 2.0f * step, 3.0f * step};
    ASSERT_TRUE(
        session->SetInput(1, *Tensor::Borrow(ElementType::kFloat32, {1, 3}, numbers.data())).ok());
    ASSERT_TRUE(session->Run().ok());
    expected.insert(expected.end(), numbers.begin(), numbers.end());
    ASSERT_EQ(Floats(session->output(0)), expected);
  }
}

TEST(Session, ReportsAFailingKernelAndRunsAgain) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t n = g.Symbol("n");
  uint32_t x = g.Input("x", kF32, {n});
  uint32_t a = g.Arena("a", kF32, {n});
  uint32_t y = g.Arena("y", kF32, {n});
  program::TaskT& task = g.Kernel(testing::kFail, {x}, {a}, {g.Number(100)}, n);
  task.op = "Gather";
  task.name = "lookup";
  task.cost_per_point = 1000;
  g.Kernel(testing::kScale, {a}, {y}, {}, n);
  g.Output(y);
  ThreadBackend threads(3);
  auto session = Open(Load(b), {.threads = 4, .backend = &threads});
  std::vector<float> good(100, 1.0f);
  std::vector<float> bad(101, 1.0f);
  for (int i = 0; i < 10; ++i) {
    Set(*session, 0, bad);
    absl::Status status = session->Run();
    EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
    EXPECT_THAT(status.ToString(), HasSubstr("Gather \"lookup\": an index is outside its axis"));
    EXPECT_FALSE(session->output(0).defined());
    Set(*session, 0, good);
    ASSERT_TRUE(session->Run().ok());
    EXPECT_EQ(Floats(session->output(0)), std::vector<float>(100, 3.0f));
  }
}

}  // namespace
}  // namespace heddle
