// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loop, as a straight list and through the scheduler.

#include <atomic>
#include <thread>

#include "tests/unit/runtime/control_flow_fixture.h"

namespace heddle {
namespace {

using program::ExprKind;
using program::TaskKind;
using testing::F32;
using testing::Floats;
using testing::GraphBuilder;
using testing::kBool;
using testing::kF32;
using testing::kI64;
using testing::ProgramBuilder;

using LoopTest = testing::ControlFlowTest;

struct LoopSpec {
  bool trip_count = true;
  bool condition = false;
  int64_t limit = 1'000'000'000;  // the body goes on while the new carried value is below
};

// v = v0; for (...) { v = 2v + 1; scan v; go on = v[0] < limit }
ProgramBuilder CountingLoop(const LoopSpec& spec) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t n = g.Symbol("n");
  uint32_t m = g.Input("m", kI64, {});
  uint32_t c = g.Input("c", kBool, {});
  uint32_t v0 = g.Input("v0", kF32, {n});
  uint32_t missing = g.Missing();
  uint32_t v = g.Arena("v", kF32, {n});
  uint32_t scan = g.Late("scan", kF32, {g.Symbol("trips"), n});
  g.Control(TaskKind::kLoop, {spec.trip_count ? m : missing, spec.condition ? c : missing, v0},
            {v, scan}, {1}, 0);
  g.Output(v);
  g.Output(scan);
  GraphBuilder& body = b.AddGraph();
  uint32_t k = body.Symbol("k");
  body.Input("i", kI64, {});
  body.Input("cond", kBool, {});
  uint32_t in = body.Input("in", kF32, {k});
  uint32_t out = body.Arena("out", kF32, {k});
  uint32_t goes_on = body.Arena("goes_on", kBool, {});
  body.Kernel(testing::kScale, {in}, {out}, {}, k).cost_per_point = 10000;
  body.Kernel(testing::kLess, {out}, {goes_on}, {body.Number(spec.limit)}, body.Number(1));
  body.Output(goes_on);
  body.Output(out);
  body.Output(out);
  return b;
}

void RunLoop(Session& session, int64_t trips, bool condition, const std::vector<float>& expected) {
  std::vector<float> v0(16, 1.0f);
  ASSERT_TRUE(session.SetInput(0, *Tensor::Borrow(ElementType::kInt64, {}, &trips)).ok());
  ASSERT_TRUE(session.SetInput(1, *Tensor::Borrow(ElementType::kBool, {}, &condition)).ok());
  ASSERT_TRUE(session.SetInput(2, F32({16}, v0)).ok());
  absl::Status status = session.Run();
  ASSERT_TRUE(status.ok()) << status;
  std::vector<float> scan;
  for (float value : expected) scan.insert(scan.end(), 16, value);
  EXPECT_EQ(Floats(session.output(0)),
            std::vector<float>(16, expected.empty() ? 1.0f : expected.back()));
  EXPECT_EQ(Floats(session.output(1)), scan);
  EXPECT_EQ(session.output(1).dims()[0], static_cast<int64_t>(expected.size()));
  EXPECT_EQ(session.output(1).dims()[1], 16);
}

TEST_P(LoopTest, CountsTrips) {
  ProgramBuilder b = CountingLoop({});
  auto session = Make(b);
  RunLoop(*session, 3, false, {3, 7, 15});
  RunLoop(*session, 0, false, {});
  RunLoop(*session, 5, false, {3, 7, 15, 31, 63});
  RunLoop(*session, -1, false, {});
}

TEST_P(LoopTest, ChecksItsCondition) {
  ProgramBuilder b = CountingLoop({.trip_count = false, .condition = true, .limit = 20});
  auto session = Make(b);
  RunLoop(*session, 0, true, {3, 7, 15, 31});
  RunLoop(*session, 0, false, {});
  ProgramBuilder both = CountingLoop({.trip_count = true, .condition = true, .limit = 20});
  session = Make(both);
  RunLoop(*session, 2, true, {3, 7});
  RunLoop(*session, 99, true, {3, 7, 15, 31});
}

// The carried value grows by a row in each iteration.
TEST_P(LoopTest, CarriesChangingShapes) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t rows = g.Symbol("rows");
  uint32_t two = g.Number(2);
  uint32_t m = g.Input("m", kI64, {});
  uint32_t start = g.Input("start", kF32, {rows, two});
  uint32_t row = g.Input("row", kF32, {g.Number(1), two});
  uint32_t grown = g.Late("grown", kF32, {g.Symbol("grown_rows"), two});
  g.Control(TaskKind::kLoop, {m, g.Missing(), start, row}, {grown}, {1}, 1);
  g.Output(grown);
  GraphBuilder& body = b.AddGraph();
  uint32_t k = body.Symbol("k");
  uint32_t one = body.Number(1);
  uint32_t width = body.Number(2);
  body.Input("i", kI64, {});
  uint32_t cond = body.Input("cond", kBool, {});
  uint32_t in = body.Input("in", kF32, {k, width});
  uint32_t r = body.Input("r", kF32, {one, width});
  uint32_t out = body.Arena("out", kF32, {body.Op(ExprKind::kAdd, k, one), width});
  body.Kernel(testing::kAppend, {in, r}, {out}, {k, width}, one);
  body.Output(cond);
  body.Output(out);
  auto session = Make(b);
  int64_t trips = 50;
  std::vector<float> start_data = {1, 2};
  std::vector<float> row_data = {3, 4};
  ASSERT_TRUE(session->SetInput(0, *Tensor::Borrow(ElementType::kInt64, {}, &trips)).ok());
  ASSERT_TRUE(session->SetInput(1, F32({1, 2}, start_data)).ok());
  ASSERT_TRUE(session->SetInput(2, F32({1, 2}, row_data)).ok());
  ASSERT_TRUE(session->Run().ok());
  std::vector<float> expected = start_data;
  for (int i = 0; i < 50; ++i) expected.insert(expected.end(), {3, 4});
  EXPECT_EQ(Floats(session->output(0)), expected);
}

TEST_P(LoopTest, ReportsErrorsOfItsBody) {
  ProgramBuilder b = CountingLoop({});
  b.Finish();
  program::TaskT& task = *b.program.graphs[1]->tasks[0];
  task.kernel = testing::kFail;
  task.dims = {b.program.graphs[1]->tasks[1]->dims[0]};
  b.program.graphs[1]->exprs[task.dims[0]] = program::Expr(ExprKind::kConstant, 7, 0);
  auto session = Make(b);
  int64_t trips = 4;
  bool condition = true;
  std::vector<float> v0(16, 1.0f);
  ASSERT_TRUE(session->SetInput(0, *Tensor::Borrow(ElementType::kInt64, {}, &trips)).ok());
  ASSERT_TRUE(session->SetInput(1, *Tensor::Borrow(ElementType::kBool, {}, &condition)).ok());
  ASSERT_TRUE(session->SetInput(2, F32({16}, v0)).ok());
  for (int run = 0; run < 3; ++run) {
    EXPECT_EQ(session->Run().code(), absl::StatusCode::kOutOfRange);
  }
}

TEST_P(LoopTest, AnEndlessOneCanBeCancelled) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t x = g.Input("x", kF32, {g.Number(1)});
  uint32_t y = g.Late("y", kF32, {g.Number(1)});
  g.Control(TaskKind::kLoop, {g.Missing(), g.Missing(), x}, {y}, {1}, 0);
  g.Output(y);
  GraphBuilder& body = b.AddGraph();
  body.Input("i", kI64, {});
  uint32_t cond = body.Input("cond", kBool, {});
  uint32_t in = body.Input("in", kF32, {body.Number(1)});
  body.Output(cond);
  body.Output(in);
  auto session = Make(b);
  std::vector<float> x_data = {1};
  ASSERT_TRUE(session->SetInput(0, F32({1}, x_data)).ok());
  std::atomic<bool> stop{false};
  std::thread canceller([&] {
    while (!stop) {
      session->Cancel();
      std::this_thread::yield();
    }
  });
  EXPECT_EQ(session->Run().code(), absl::StatusCode::kCancelled);
  stop = true;
  canceller.join();
}

TEST_P(LoopTest, RefusesAConditionOfSeveralElements) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t many = g.Input("many", kBool, {g.Symbol("n")});
  uint32_t x = g.Input("x", kF32, {g.Number(1)});
  uint32_t y = g.Late("y", kF32, {g.Number(1)});
  g.Control(TaskKind::kLoop, {g.Missing(), g.Missing(), x, many}, {y}, {1}, 1);
  g.Output(y);
  GraphBuilder& body = b.AddGraph();
  body.Input("i", kI64, {});
  body.Input("cond", kBool, {});
  uint32_t in = body.Input("in", kF32, {body.Number(1)});
  body.Output(body.Input("many", kBool, {body.Symbol("k")}));
  body.Output(in);
  auto session = Make(b);
  std::vector<float> x_data = {1};
  bool conditions[2] = {false, false};
  ASSERT_TRUE(session->SetInput(1, F32({1}, x_data)).ok());
  for (int64_t count : {2, 0}) {
    ASSERT_TRUE(
        session->SetInput(0, *Tensor::Borrow(ElementType::kBool, {count}, conditions)).ok());
    EXPECT_EQ(session->Run().code(), absl::StatusCode::kInvalidArgument) << count;
  }
  ASSERT_TRUE(session->SetInput(0, *Tensor::Borrow(ElementType::kBool, {1}, conditions)).ok());
  EXPECT_TRUE(session->Run().ok());
}

INSTANTIATE_TEST_SUITE_P(All, LoopTest,
                         ::testing::Combine(::testing::Values(1, 2, 8), ::testing::Bool()));

}  // namespace
}  // namespace heddle
