// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// If and Scan, as straight lists and through the scheduler.

#include "tests/unit/runtime/control_flow_fixture.h"

namespace heddle {
namespace {

using program::ExprKind;
using program::TaskKind;
using testing::ControlFlowTest;
using testing::F32;
using testing::Floats;
using testing::GraphBuilder;
using testing::kBool;
using testing::kF32;
using testing::ProgramBuilder;

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
