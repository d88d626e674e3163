// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// If, Loop and Scan, as straight lists and through the scheduler.

#include <gtest/gtest.h>

#include "tests/unit/runtime/test_util.h"

namespace heddle {
namespace {

using program::ExprKind;
using program::TaskKind;
using testing::Elements;
using testing::Floats;
using testing::GraphBuilder;
using ::testing::HasSubstr;
using testing::kBool;
using testing::kF32;
using testing::kI64;
using testing::Load;
using testing::Open;
using testing::ProgramBuilder;

Tensor F32(std::vector<int64_t> dims, std::vector<float>& data) {
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

// y = c ? 2x + 1 : x + x, in the arena or late.
ProgramBuilder If(bool late) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t n = g.Symbol("n");
  uint32_t c = g.Input("c", kBool, {});
  uint32_t x = g.Input("x", kF32, {n});
  uint32_t y = late ? g.Late("y", kF32, {g.Symbol("m")}) : g.Arena("y", kF32, {n});
  uint32_t z = g.Late("z", kF32, {late ? g.graph.values[y]->dims[0] : n});
  g.Control(TaskKind::kBranch, {c, x}, {y}, {1, 2}, 1);
  g.Kernel(testing::kScale, {y}, {z}, {}, g.graph.values[z]->dims[0]).cost_per_point = 1000;
  g.Output(y);
  g.Output(z);
  for (int branch = 0; branch < 2; ++branch) {
    GraphBuilder& body = b.AddGraph();
    uint32_t k = body.Symbol("k");
    uint32_t v = body.Input("v", kF32, {k});
    uint32_t w = body.Arena("w", kF32, {k});
    if (branch == 0) {
      body.Kernel(testing::kScale, {v}, {w}, {}, k);
    } else {
      body.Kernel(testing::kAdd, {v, v}, {w}, {}, k);
    }
    body.Output(w);
  }
  return b;
}

TEST_P(ControlFlowTest, BranchTakesTheChosenSide) {
  for (bool late : {false, true}) {
    ProgramBuilder b = If(late);
    auto session = Make(b);
    std::vector<float> x(100, 5.0f);
    for (int run = 0; run < 6; ++run) {
      bool condition = run % 2 == 0;
      ASSERT_TRUE(session->SetInput(0, *Tensor::Borrow(ElementType::kBool, {}, &condition)).ok());
      ASSERT_TRUE(session->SetInput(1, F32({100}, x)).ok());
      absl::Status status = session->Run();
      ASSERT_TRUE(status.ok()) << status;
      float y = condition ? 11 : 10;
      EXPECT_EQ(Floats(session->output(0)), std::vector<float>(100, y));
      EXPECT_EQ(Floats(session->output(1)), std::vector<float>(100, 2 * y + 1));
    }
  }
}

// A body that returns what it captured, and an empty graph of tasks.
TEST_P(ControlFlowTest, BranchPassesCapturesThrough) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t n = g.Symbol("n");
  uint32_t c = g.Input("c", kBool, {});
  uint32_t x = g.Input("x", kF32, {n});
  uint32_t a = g.Arena("a", kF32, {n});
  uint32_t y = g.Late("y", kF32, {g.Symbol("m")});
  g.Kernel(testing::kScale, {x}, {a}, {}, n);
  g.Control(TaskKind::kBranch, {c, a}, {y}, {1, 2}, 1);
  g.Output(y);
  for (int branch = 0; branch < 2; ++branch) {
    GraphBuilder& body = b.AddGraph();
    uint32_t v = body.Input("v", kF32, {body.Symbol("k")});
    body.Output(v);
  }
  auto session = Make(b);
  std::vector<float> x_data = {1, 2};
  bool condition = true;
  ASSERT_TRUE(session->SetInput(0, *Tensor::Borrow(ElementType::kBool, {}, &condition)).ok());
  ASSERT_TRUE(session->SetInput(1, F32({2}, x_data)).ok());
  ASSERT_TRUE(session->Run().ok());
  EXPECT_EQ(Floats(session->output(0)), (std::vector<float>{3, 5}));
}

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

TEST_P(ControlFlowTest, LoopCountsTrips) {
  ProgramBuilder b = CountingLoop({});
  auto session = Make(b);
  RunLoop(*session, 3, false, {3, 7, 15});
  RunLoop(*session, 0, false, {});
  RunLoop(*session, 5, false, {3, 7, 15, 31, 63});
  RunLoop(*session, -1, false, {});
}

TEST_P(ControlFlowTest, LoopChecksItsCondition) {
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
TEST_P(ControlFlowTest, LoopCarriesChangingShapes) {
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

TEST_P(ControlFlowTest, LoopReportsErrorsOfItsBody) {
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

TEST_P(ControlFlowTest, EndlessLoopCanBeCancelled) {
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

// s' = s + x_t; outputs s' and 2 s' + 1, the second one backwards along axis 1.
TEST_P(ControlFlowTest, ScanWalksItsAxes) {
  for (bool transposed : {false, true}) {
    ProgramBuilder b;
    GraphBuilder& g = b.AddGraph();
    uint32_t n = g.Symbol("n");
    uint32_t t = g.Symbol("t");
    uint32_t s0 = g.Input("s0", kF32, {n});
    uint32_t x = transposed ? g.Input("x", kF32, {n, t}) : g.Input("x", kF32, {t, n});
    uint32_t s = g.Arena("s", kF32, {n});
    uint32_t sums = g.Arena("sums", kF32, {t, n});
    uint32_t scaled = g.Late("scaled", kF32, {n, t});
    program::TaskT& task = g.Control(TaskKind::kScan, {s0, x}, {s, sums, scaled}, {1}, 0);
    auto attribute = [&](const char* name, std::vector<int64_t> ints) {
      auto a = std::make_unique<program::AttributeT>();
      a->name = name;
      a->kind = program::AttributeKind::kInts;
      a->ints = ints;
      task.attributes.push_back(std::move(a));
    };
    attribute("num_scan_inputs", {});
    task.attributes.back()->kind = program::AttributeKind::kInt;
    task.attributes.back()->int_ = 1;
    attribute("scan_output_axes", {0, -1});
    attribute("scan_output_directions", {0, 1});
    if (transposed) {
      attribute("scan_input_axes", {1});
      attribute("scan_input_directions", {1});
    }
    for (uint32_t v : {s, sums, scaled}) g.Output(v);
    GraphBuilder& body = b.AddGraph();
    uint32_t k = body.Symbol("k");
    uint32_t in = body.Input("in", kF32, {k});
    uint32_t slice = body.Input("slice", kF32, {k});
    uint32_t sum = body.Arena("sum", kF32, {k});
    uint32_t twice = body.Arena("twice", kF32, {k});
    body.Kernel(testing::kAdd, {in, slice}, {sum}, {}, k).cost_per_point = 10000;
    body.Kernel(testing::kScale, {sum}, {twice}, {}, k);
    for (uint32_t v : {sum, sum, twice}) body.Output(v);

    auto session = Make(b);
    std::vector<float> s0_data = {0, 100};
    // Steps (1,2), (3,4), (5,6); in the transposed form stored by columns, last step first.
    std::vector<float> x_data =
        transposed ? std::vector<float>{5, 3, 1, 6, 4, 2} : std::vector<float>{1, 2, 3, 4, 5, 6};
    ASSERT_TRUE(session->SetInput(0, F32({2}, s0_data)).ok());
    std::vector<int64_t> dims =
        transposed ? std::vector<int64_t>{2, 3} : std::vector<int64_t>{3, 2};
    ASSERT_TRUE(session->SetInput(1, F32(dims, x_data)).ok());
    absl::Status status = session->Run();
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(Floats(session->output(0)), (std::vector<float>{9, 112}));
    EXPECT_EQ(Floats(session->output(1)), (std::vector<float>{1, 102, 4, 106, 9, 112}));
    EXPECT_EQ(Floats(session->output(2)), (std::vector<float>{19, 9, 3, 225, 213, 205}));
    // No steps at all.
    std::vector<int64_t> none =
        transposed ? std::vector<int64_t>{2, 0} : std::vector<int64_t>{0, 2};
    ASSERT_TRUE(session->SetInput(1, F32(none, x_data)).ok());
    ASSERT_TRUE(session->Run().ok());
    EXPECT_EQ(Floats(session->output(0)), s0_data);
    EXPECT_EQ(session->output(2).dims()[1], 0);
  }
}

INSTANTIATE_TEST_SUITE_P(All, ControlFlowTest,
                         ::testing::Combine(::testing::Values(1, 2, 8), ::testing::Bool()));

}  // namespace
}  // namespace heddle
